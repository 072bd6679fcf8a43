/**
 * Ends a server whose host died, even by `kill -9`. Most servers end by themselves when their stdin does; this is for
 * the others: a sleeping shell in its own session that holds a pipe of the host, and whose end is the host's.
 */
import { spawn } from "node:child_process"
import { serverVariable } from "./processGroup.ts"

export interface Lifeline {
  /** Lets it go, its server being over, and waits for it. */
  readonly release: () => Promise<void>
}

export const makeLifeline = (group: number, mark: string): Lifeline => {
  const shell = spawn("/bin/sh", ["-c", script, "tenterhook-lifeline", String(group), `${serverVariable}=${mark}`], {
    cwd: "/",
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C" },
    stdio: ["pipe", "ignore", "ignore"],
    detached: true
  })
  const exit = new Promise<void>((done) => {
    shell.once("exit", () => done())
    shell.once("error", () => done())
  })
  shell.stdin.on("error", () => {})
  shell.unref()
  if ("unref" in shell.stdin && typeof shell.stdin.unref === "function") shell.stdin.unref()
  return {
    release: () => {
      shell.ref()
      shell.stdin.end("over\n")
      return exit
    }
  }
}

/** $1: the server's process group; $2: the mark in its environment. */
const script = String.raw`
trap '' HUP INT QUIT TERM
read -r word
[ "$word" = over ] && exit
marked() { [ -r /proc/self/environ ] && grep -lsF "$1" /proc/[0-9]*/environ | tr -cd '0-9\n'; }
tell() { kill -s "$1" -- "-$2"; for pid in $(marked "$3"); do kill -s "$1" "$pid"; done; } 2>/dev/null
sleep 0.5 || sleep 1
tell TERM "$1" "$2"
sleep 0.5 || sleep 1
tell KILL "$1" "$2"
`
