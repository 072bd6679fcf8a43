/**
 * Tells a signal that went to the whole process group (Ctrl-C in a terminal, `timeout`) from one that was sent to this
 * process alone. The command got the first already; the second is to be forwarded. Nothing in Node tells them apart,
 * so a small shell beside us, in the same group, says what it hears.
 */
import { spawn } from "node:child_process"
import { type EndSignal, sameMs } from "../signals.ts"

export interface GroupEar {
  /** Whether the group got this signal as well, within the last moment or the next. */
  readonly heard: (signal: EndSignal) => Promise<boolean>
  readonly close: () => void
}

export const openGroupEar = (): GroupEar => {
  const ear = spawn("/bin/sh", ["-c", script], { stdio: ["ignore", "pipe", "ignore", "pipe"] })
  const lastHeard = new Map<string, number>()
  let ready = false
  ear.on("error", () => {})
  ear.stdout!.on("data", (chunk: Buffer) => {
    for (const word of chunk.toString("latin1").split("\n")) {
      if (word === "ready") ready = true
      else if (word !== "") lastHeard.set(word, performance.now())
    }
  })
  ear.on("exit", () => (ready = false))
  const leash = ear.stdio[3]!
  leash.on("error", () => {})
  for (const it of [ear, ear.stdout, leash] as ReadonlyArray<{ unref?: () => void }>) it.unref?.()

  const heard = async (signal: EndSignal): Promise<boolean> => {
    const came = performance.now()
    while (performance.now() - came < waitMs) {
      if ((lastHeard.get(signal) ?? -Infinity) > came - sameMs) return true
      if (!ready) break
      await new Promise((done) => setTimeout(done, 10))
    }
    // Without an ear a signal that terminals send is taken for one where there is a terminal.
    return !ready && signal !== "SIGTERM" && process.stderr.isTTY === true
  }
  return { heard, close: () => void leash.destroy() }
}

/** It lives as long as its third descriptor is open: it cannot outlive us, however we end. */
const script = `
trap 'echo SIGINT' INT; trap 'echo SIGTERM' TERM; trap 'echo SIGHUP' HUP; trap 'echo SIGQUIT' QUIT
(trap '' INT TERM HUP QUIT; exec cat <&3 >/dev/null) &
exec 3<&-
echo ready
while kill -0 $! 2>/dev/null; do wait $!; done
`

/** How long the ear may take to say what it heard, on a busy machine. */
const waitMs = 150
