/** The process that is killed: announces what its parent sends it, and delivers. */
import { modes } from "../rules.ts"
import { openOutbox } from "../openOutbox.ts"

const [file, url, secret] = process.argv.slice(2)
const outbox = await openOutbox({
  file: file!,
  allow: ["127.0.0.0/8"],
  endpoints: [{ id: "ep_chaos", url: url!, secret: secret!, mode: "chaos" }],
  rules: { chaos: { ...modes["standard"]!, delaysMs: [300, 600], timeoutMs: 2000 } },
  leaseMs: 3000,
  warn: (text) => console.error(text)
})
process.on("message", (numbers: ReadonlyArray<number>) => {
  if (numbers.length === 0) return void outbox.drain().finally(() => process.send!({ drained: true }))
  const list = numbers.map((n) => ({ type: "chaos.item", data: { n }, key: String(n) }))
  outbox.announce(list).then(
    () => process.send!({ announced: numbers }),
    (error: Error) => console.error(error.message)
  )
})
process.on("disconnect", () => void outbox.close().finally(() => process.exit(0)))
process.send!({ ready: true })
