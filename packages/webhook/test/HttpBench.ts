/** The far side of the adapter: a receiver on loopback whose paths do what each promise of the contract needs. */
import { Bench, type Behaviour } from "@tenterhook/conformance"
import { Effect, Layer } from "effect"
import { type Behaves, digest, openReceiver, type Receiver } from "./Receiver.ts"

/** Of a receiver that is there already: the adapter under test must be allowed to reach it. */
export const benchOf = (receiver: Receiver) => {
  let begun = 0
  let spoken = 0
  const action = (url: string, more: object = {}) => ({ kind: "http", url, method: "POST", headers: {}, ...more })
  const counted = (behaves: Behaves): Behaves => ({
    ...behaves,
    answer: (response, received, socket) => {
      begun++
      behaves.answer(response, received, socket)
    }
  })
  const hang = (saying: string, stubborn: boolean): Behaves => ({
    answer: (response, _, socket) => {
      if (stubborn) socket.allowHalfOpen = true
      response.writeHead(200, { "content-type": "text/plain" })
      response.write(saying, () => spoken++)
      if (!stubborn) return
      const timer = setInterval(() => response.write("\0".repeat(8)), 50)
      response.on("close", () => clearInterval(timer))
    }
  })
  const behavesLike = (behaviour: Behaviour): Behaves => {
    switch (behaviour._tag) {
      case "Replies":
        // A status of HTTP has three digits; the reply's own status is for exit codes and stays empty.
        return { answer: (response) => response.writeHead(behaviour.status === 0 ? 200 : 507).end(behaviour.saying) }
      case "Hangs":
        return hang(behaviour.saying, false)
      case "Stubborn":
        return hang(behaviour.saying, true)
      case "Floods": {
        const filler = behaviour.bytes - behaviour.head.length - behaviour.tail.length
        return { answer: (response) => response.end(behaviour.head + "-".repeat(filler) + behaviour.tail) }
      }
      case "Digests":
        return { answer: (response, { body }) => response.end(digest(body)) }
      case "Ignores":
        return { early: true, answer: (response) => response.end(behaviour.saying) }
      case "Dies":
        return { answer: (_, __, socket) => socket.resetAndDestroy() }
      case "Missing":
      case "Leaves":
        return { answer: (response) => response.end() }
    }
  }
  return Bench.of({
    kind: "http",
    capabilities: {
      speaks: "output",
      partial: true,
      status: false,
      diagnostics: false,
      outputLimitBytes: 65_536,
      payload: true,
      missing: true,
      stubborn: true,
      dies: "transport",
      leaves: false
    },
    arrange: (behaviour) =>
      Effect.sync(() => {
        const url = receiver.on(counted(behavesLike(behaviour)))
        return action(url, behaviour._tag === "Missing" ? { secret: { env: "TENTERHOOK_TEST_NO_SUCH_SECRET" } } : {})
      }),
    alive: Effect.sync(() => receiver.alive()),
    begun: Effect.sync(() => begun),
    spoken: Effect.gen(function* () {
      while (spoken === 0) yield* Effect.sleep(5)
      yield* Effect.sleep(20)
    })
  })
}

export const acquireReceiver = Effect.acquireRelease(
  Effect.promise(() => openReceiver()),
  (receiver) => Effect.promise(() => receiver.close())
)

/** The adapter that `adapterFor` gives for a receiver's place, with the bench of that receiver. */
export const benched = <A, E, R>(adapterFor: (place: string) => Layer.Layer<A, E, R>) =>
  Layer.unwrap(
    Effect.map(acquireReceiver, (receiver) =>
      Layer.merge(adapterFor(`127.0.0.1:${receiver.port}`), Layer.succeed(Bench, benchOf(receiver)))
    )
  )
