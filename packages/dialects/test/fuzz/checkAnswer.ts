/**
 * The rule of answers: a closed gate never proceeds on what holds a deny, an open one never without a notice, and text
 * without an answer never denies. Through the decode of every dialect that has closed gates, for every kind of reply.
 */
import {
  type Decoded,
  emptyReply,
  type End,
  type Fire,
  FireId,
  FunctionAdapter,
  type Hook,
  type Reply
} from "@tenterhook/core"
import { type AnyAnswer, anyAnswer, chance } from "@tenterhook/conformance"
import { Effect } from "effect"
import { native, youbencha } from "../../src/index.ts"

/** How commands' answers were read on a closed gate: as what they say, or as a failure, which denies too. */
export interface AnswerCount {
  readonly ours: Count
  readonly others: Count
  readonly texts: Count
}

interface Count {
  all: number
  asSaid: number
}

export const noAnswers = (): AnswerCount => ({
  ours: { all: 0, asSaid: 0 },
  others: { all: 0, asSaid: 0 },
  texts: { all: 0, asSaid: 0 }
})

/** For people: `denies in our words: 374, 61 % read as a deny, the others fail`. */
export const countText = ({ ours, others, texts }: AnswerCount): string => {
  const share = ({ all, asSaid }: Count) => `${all}, ${all === 0 ? 0 : Math.round((1000 * asSaid) / all) / 10} %`
  return [
    `denies in our words: ${share(ours)} read as a deny, the others fail and deny so`,
    `denies in other words, or misspelt: ${share(others)} read as a deny, the others fail and deny so`,
    `texts without an answer: ${share(texts)} read as text`
  ].join("\n")
}

/** One answer by every way that it can come; the broken promise, or nothing. */
export const checkAnswer = (seed: number, run: number, count: AnswerCount): string | undefined => {
  const answer = anyAnswer(chance(Math.imul(seed, 1_000_003) + run))
  for (const way of ways) {
    const end = way.end(answer)
    if (end === undefined) continue
    const closed = way.dialect.decode(way.hook("block"), fire, end)
    const open = way.isOpenToo ? way.dialect.decode(way.hook("continue"), fire, end) : undefined
    const broken = answer.says === "deny" ? brokenDeny(closed, open) : way.readsText ? brokenText(closed) : undefined
    if (broken !== undefined) return `${way.name}: ${broken}\n${answer.how}: ${shown(end)}`
    if (way.name === "command") tell(answer, closed, count)
  }
  return undefined
}

const brokenDeny = (closed: Decoded, open: Decoded | undefined) => {
  if (proceeds(closed)) return "a closed gate proceeds on a deny"
  if (open === undefined || (open.outcome.status === "succeeded" && !proceeds(open))) return undefined
  const { outcome } = open
  const notices = (outcome.status === "succeeded" ? outcome.output.notices : outcome.notices) ?? []
  return notices.some(({ level }) => level === "warn") ? undefined : "an open gate proceeds on a deny without a notice"
}

const brokenText = ({ outcome, message }: Decoded) =>
  outcome.status === "succeeded" && outcome.output.verdict === undefined ? undefined : `text denies: ${message}`

/** As the engine and the merge see it, where a failure denies. */
const proceeds = ({ outcome }: Decoded): boolean => {
  if (outcome.status === "failed") return false
  if (outcome.status === "skipped") return true
  const { verdict = "abstain", halt } = outcome.output
  return halt === undefined && (verdict === "abstain" || verdict === "allow")
}

const tell = ({ says, isOurs }: AnyAnswer, { outcome }: Decoded, { ours, others, texts }: AnswerCount) => {
  const count = says === "nothing" ? texts : isOurs ? ours : others
  count.all++
  if (outcome.status === "succeeded") count.asSaid++
}

interface Way {
  readonly name: string
  readonly dialect: typeof native
  readonly hook: (onFailure: Hook["onFailure"]) => Hook
  /** Whether it may be on an open gate as well. */
  readonly isOpenToo: boolean
  /** Whether a text is no answer there. */
  readonly readsText: boolean
  /** Undefined where such an answer cannot come this way. */
  readonly end: (answer: AnyAnswer) => End | undefined
}

const loaded = async (dialect: typeof native, value: unknown): Promise<ReadonlyArray<Hook>> => {
  const load = dialect.load(
    { _tag: "value", value, folder: "/" },
    { mode: "documented", adapters: [FunctionAdapter.functionAdapter] }
  )
  return (await Effect.runPromise(load)).hooks
}

const [run, code, call, post] = (await loaded(native, [
  { on: "pre_tool_use", run: "./guard.sh" },
  { on: "pre_tool_use", run: () => undefined },
  { on: "pre_tool_use", call: "policy" },
  { on: "pre_tool_use", post: "https://example.com/" }
])) as [Hook, Hook, Hook, Hook]
const [script] = (await loaded(youbencha, [{ name: "script", config: { command: "./setup.sh" } }])) as [Hook]

const replied = (reply: Partial<Reply>): End => ({ _tag: "reply", ...emptyReply, ...reply })
const nativeWay = (name: string, hook: Hook, readsText: boolean, end: Way["end"]): Way => ({
  name,
  dialect: native,
  hook: (onFailure) => ({ ...hook, onFailure }),
  isOpenToo: true,
  readsText,
  end
})

const ways: ReadonlyArray<Way> = [
  nativeWay("command", run, true, ({ bytes }) => replied({ status: 0, output: bytes })),
  nativeWay("function", code, false, ({ value, says }) => (says === "deny" ? replied({ value }) : undefined)),
  nativeWay("tool, a value", call, true, ({ value }) =>
    replied({ value, output: Buffer.from(typeof value === "string" ? value : JSON.stringify(value)) })
  ),
  nativeWay("tool, a text", call, true, ({ bytes }) => replied({ output: bytes })),
  nativeWay("server", post, false, ({ bytes }) => {
    const body = new TextDecoder().decode(bytes)
    return body.trim() === "" ? undefined : replied({ value: { status: 200, headers: {}, body }, output: bytes })
  }),
  {
    name: "youbencha",
    dialect: youbencha,
    hook: () => script,
    isOpenToo: false,
    readsText: true,
    end: ({ bytes }) => replied({ status: 0, output: bytes })
  }
]

const fire: Fire = {
  fireId: FireId.make("fire_1"),
  event: { name: "pre_tool_use", class: "gate" },
  context: { tool: { name: "bash", input: {} } },
  mode: "documented"
}

const shown = (end: End) =>
  JSON.stringify(
    end._tag === "reply" ? { value: end.value, output: new TextDecoder("latin1").decode(end.output) } : end
  ).slice(0, 2000)
