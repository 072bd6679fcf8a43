/**
 * The watcher's program: POSIX shell, nothing but kill, grep, sed, tr, sleep, rm (and ps where there is no /proc).
 * $1: what all marks begin with; $2: the host's folder; $3: how many times 50 ms lie between TERM and KILL.
 * It reads `+ id` (about to start), `+ id pid` (runs), `+ id ~pid` (left its group behind) and `- id` (over).
 * At the end of its input it ends whatever is still listed, the same way as ProcessTree.ts does.
 */
export const watcherScript = String.raw`
trap '' HUP INT QUIT TERM USR1 USR2 ALRM TSTP TTIN TTOU PIPE
mark=$1 folder=$2 grace=$3

while read -r op id pid; do
  case $op in
    +) eval "run_$id=\$pid" ;;
    -) unset "run_$id" ;;
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

# The numbers of the processes that carry a mark; takes -e MARK for each.
marked() {
  if [ -r /proc/self/stat ]; then
    grep -lsF "$@" /proc/[0-9]*/environ
  else
    ps -A -E -ww -o pid=,command= | grep -F "$@" | sed 's/^ *\([0-9]*\).*/\1/'
  fi | tr -cd '0-9\n' | tr '\n' ' '
}

# Sets family to all that still belongs to a listed run: in its group or session, marked, or a descendant.
collect() {
  seeds=" $(marked "$@")"
  table=$(processes)
  groups=$sure
  family=' '
  for group in $unsure; do
    while read -r pid parent owner session; do
      case $owner in "$group") case $seeds in *" $pid "*) groups="$groups$group " ;; esac ;; esac
    done <<END
$table
END
  done
  more=yes
  while [ -n "$more" ]; do
    more=
    while read -r pid parent group session; do
      case $family in *" $pid "*) continue ;; esac
      case $seeds in *" $pid "*) ;; *)
        case $groups in *" $group "*|*" $session "*) ;; *)
          case $family in *" $parent "*) ;; *) continue ;; esac ;;
        esac ;;
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
  for group in $sure; do kill -s STOP -- "-$group"; done
  collect "$@"
  for pid in $family; do kill -s STOP "$pid"; done
  collect "$@"
  for pid in $family; do kill -s TERM "$pid"; kill -s CONT "$pid"; done
  turn=0
  while [ $turn -lt "$grace" ] && alive; do
    sleep 0.05 || sleep 1
    turn=$((turn + 1))
  done
  turn=0
  while [ $turn -lt 50 ]; do
    collect "$@"
    [ "$family" = ' ' ] && return
    for pid in $family; do kill -s KILL "$pid"; done
    sleep 0.02 || sleep 1
    turn=$((turn + 1))
  done
}

set --
sure=' ' unsure=' '
for id in $(set | sed -n 's/^run_\([0-9]*\)=.*/\1/p'); do
  eval "pid=\$run_$id"
  set -- "$@" -e "$mark$id/"
  case $pid in
    '') ;;
    '~'*) unsure="$unsure$\{pid#?} " ;;
    *) sure="$sure$pid " ;;
  esac
done
[ $# -eq 0 ] || end "$@" 2>/dev/null
[ -z "$folder" ] || rm -rf -- "$folder"
`.replaceAll("$\\{", "${")
