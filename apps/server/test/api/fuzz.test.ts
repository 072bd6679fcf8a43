/** Requests made from the OpenAPI document: `bench/server-fuzz` does the same at full size. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openServer } from "../Server.ts"
import { fuzz, standstill, startReceiver } from "./fuzz.ts"

describe("a fuzz over the OpenAPI document", () => {
  let receiver: Awaited<ReturnType<typeof startReceiver>>
  beforeAll(async () => {
    receiver = await startReceiver()
  })
  afterAll(() => receiver.close())

  it(
    "gets no fault, no answer that is not documented, and no refusal without a field",
    { timeout: 400_000 },
    async () => {
      const { url, key, logged } = await openServer({ allow: [receiver.place], ratePerSecond: 1_000_000 })

      const result = await fuzz({ url, key, requests: 2000, seed: 4, receiver: receiver.url })

      expect(result.broken).toEqual([])
      expect(logged).toEqual([])
      // Without deep states and refusals it would show nothing. Requests overlap, so not every run reaches the same.
      expect(result.reached.length).toBeGreaterThan(result.operations.length - 6)
      for (const status of [200, 201, 204, 400, 401, 404, 405, 409, 415, 422])
        expect(result.statuses).toHaveProperty(`${status}`)
    }
  )

  it("changes nothing where it is refused", async () => {
    const { url, key } = await openServer({ allow: [receiver.place], ratePerSecond: 1_000_000 })
    await fuzz({ url, key, requests: 150, seed: 4, receiver: receiver.url })

    const { refused, changed } = await standstill({ url, key, requests: 250, seed: 4, receiver: receiver.url })

    expect(changed).toEqual([])
    expect(refused).toBeGreaterThan(50)
  })
})
