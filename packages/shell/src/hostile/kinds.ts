/** Hooks that behave badly, as data. `{hold}` is a length of sleep that no other process of the machine has. */

export interface HostileKind {
  readonly name: string
  /** A line for `/bin/sh -c`. */
  readonly command: string
  /** Bytes on its stdin; absent: none. */
  readonly inputBytes?: number
  /** How a run of it ends: by its deadline, by itself, or by either, as time will have it. */
  readonly ends: "deadline" | "itself" | "either"
  /** Needs the `setsid` command. */
  readonly setsid?: true
}

/** The deadline of all but those that end by themselves, which get so long that running into it is a failure. */
export const deadlineMs = 150

export const hostileKinds: ReadonlyArray<HostileKind> = [
  { name: "behaves", command: "cat; echo ok", inputBytes: 1024, ends: "itself" },
  { name: "sleeps", command: "sleep {hold}; :", ends: "deadline" },
  { name: "execs", command: "exec sleep {hold}", ends: "deadline" },
  { name: "has a grandchild", command: "sh -c 'sh -c \"sleep {hold}; :\"; :'; :", ends: "deadline" },
  { name: "ignores TERM", command: "trap '' TERM; sleep {hold}; sleep {hold}", ends: "deadline" },
  {
    name: "answers TERM with more children",
    command: "trap 'sleep {hold} & sleep {hold}' TERM; sleep {hold} & wait",
    ends: "deadline"
  },
  { name: "leaves its parent", command: "(sleep {hold} &); sleep {hold}", ends: "deadline" },
  {
    name: "leaves its parent and session",
    command: "(setsid sleep {hold} >/dev/null 2>&1 &); sleep {hold}",
    ends: "deadline",
    setsid: true
  },
  { name: "child in its own session", command: "setsid sleep {hold} & sleep {hold}", ends: "deadline", setsid: true },
  {
    name: "own session, ignores TERM",
    command: "setsid sh -c 'trap \"\" TERM; sleep {hold}; sleep {hold}' & wait",
    ends: "deadline",
    setsid: true
  },
  {
    name: "own session without environment",
    command: "setsid env -i /bin/sleep {hold} & wait",
    ends: "deadline",
    setsid: true
  },
  {
    name: "clears its environment",
    command: "env -i /bin/sleep {hold} & exec env -i /bin/sleep {hold}",
    ends: "deadline"
  },
  { name: "floods stdout", command: "yes {hold}", ends: "deadline" },
  { name: "floods stderr", command: "yes {hold} >&2", ends: "deadline" },
  { name: "never reads stdin", command: "sleep {hold}; :", inputBytes: 2_000_000, ends: "deadline" },
  { name: "exits without reading stdin", command: "exit 0", inputBytes: 2_000_000, ends: "itself" },
  { name: "closes its output", command: "exec >&- 2>&-; sleep {hold}", ends: "deadline" },
  {
    name: "forks many",
    command: "i=0; while [ $i -lt 20 ]; do sleep {hold} & i=$((i+1)); done; wait",
    ends: "deadline"
  },
  { name: "forks without end", command: "while :; do sleep {hold} & sleep 0.01; done", ends: "deadline" },
  { name: "stops itself", command: "sleep {hold} & kill -STOP $$; wait", ends: "deadline" },
  { name: "exits at its deadline", command: `sleep ${deadlineMs / 1000}; echo done`, ends: "either" },
  { name: "child holds the pipe", command: "sleep {hold} & echo gone", ends: "itself" },
  {
    name: "leaves a daemon",
    command: "setsid sleep {hold} </dev/null >/dev/null 2>&1 & echo gone",
    ends: "itself",
    setsid: true
  },
  { name: "kills itself, child stays", command: "sleep {hold} & kill -KILL $$", ends: "itself" }
]
