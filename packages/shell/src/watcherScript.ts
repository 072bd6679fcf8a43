/**
 * The watcher's program: POSIX shell, nothing but kill, grep, sed, tr, sleep, rm (and ps where there is no /proc).
 * $1: what the marks of this host's commands begin with; $2: the host's folder; $3: how many times 50 ms lie between TERM
 * and KILL. It reads `+ id pid` (runs for a while already), `- id` (is over), `= id` (left processes that are let be) and
 * `q` (the host has ended all itself). At the end of its input it ends every process with a mark that is not let be, and
 * all that belongs to it or to a listed process, in the same way as ProcessTree.ts does.
 */
export const watcherScript = String.raw`
trap '' HUP INT QUIT TERM USR1 USR2 ALRM TSTP TTIN TTOU PIPE
mark=$1 folder=$2 grace=$3 quit= kept=

while read -r op id pid; do
  case $op in
    +) eval "run_$id=\$pid" ;;
    -) unset "run_$id" ;;
    =) kept="$kept -e $mark$id/" ;;
    q) quit=yes ;;
  esac
done

# A line "pid parent group session" for each living process.
processes() {
  if [ -r /proc/self/stat ]; then
    for file in /proc/[0-9]*/stat; do
      read -r line <"$file" || continue
      pid=$\{file#/proc/}
      set -- $\{line##*) }
      case $1 in Z|X|'') continue ;; esac
      echo "$\{pid%/stat} $2 $3 $4"
    done
  else
    ps -A -o pid=,ppid=,pgid=,state= | while read -r pid parent group state; do
      case $state in Z*) ;; *) echo "$pid $parent $group 0" ;; esac
    done
  fi
}

# The numbers of the processes that carry one of these marks, each as -e MARK.
marked() {
  if [ -r /proc/self/stat ]; then
    grep -lsF "$@" /proc/[0-9]*/environ
  else
    ps -A -E -ww -o pid=,command= | grep -F "$@" | sed 's/^ *\([0-9]*\).*/\1/'
  fi | tr -cd '0-9\n' | tr '\n' ' '
}

# Sets family: what is marked and not let be, what shares its group or session or a listed one, and all descendants.
collect() {
  seeds=" $(marked -e "$mark")"
  spared=' '
  [ -z "$kept" ] || spared=" $(marked $kept)"
  table=$(processes)
  groups=$listed
  family=' '
  while read -r pid parent group session; do
    case $spared in *" $pid "*) continue ;; esac
    case $seeds in *" $pid "*) groups="$groups$group $session " ;; esac
  done <<END
$table
END
  more=yes
  while [ -n "$more" ]; do
    more=
    while read -r pid parent group session; do
      case $family$spared in *" $pid "*) continue ;; esac
      case $groups in *" $group "*|*" $session "*) ;; *)
        case $family in *" $parent "*) ;; *) continue ;; esac ;;
      esac
      family="$family$pid "
      more=yes
    done <<END
$table
END
  done
}

alive() {
  for pid in $family; do kill -0 "$pid" && return 0; done
  return 1
}

end() {
  for group in $listed; do kill -s STOP -- "-$group"; done
  collect
  for pid in $family; do kill -s STOP "$pid"; done
  collect
  for pid in $family; do kill -s TERM "$pid"; kill -s CONT "$pid"; done
  turn=0
  while [ $turn -lt "$grace" ] && alive; do
    sleep 0.05 || sleep 1
    turn=$((turn + 1))
  done
  turn=0 quiet=0
  while [ $turn -lt 50 ]; do
    collect
    if [ "$family" = ' ' ]; then
      quiet=$((quiet + 1))
      [ $quiet -eq 2 ] && return
    fi
    for pid in $family; do kill -s KILL "$pid"; done
    sleep 0.02 || sleep 1
    turn=$((turn + 1))
  done
}

listed=' '
for id in $(set | sed -n 's/^run_\([0-9]*\)=.*/\1/p'); do
  eval "listed=\"\$listed\$run_$id \""
done
[ -n "$quit" ] || end 2>/dev/null
[ -z "$folder" ] || rm -rf -- "$folder"
`.replaceAll("$\\{", "${")
