/** Awaited HTTP calls, signed messages, and the guard that both go through. */
export * as WebhookAdapter from "./WebhookAdapter.ts"
export { type Guard, type GuardOptions, makeGuard, type Resolve, type Target } from "./guard/Guard.ts"
export { type Refusal } from "./guard/Refusal.ts"
export {
  type Answer,
  type DeliverRequest,
  type NoAnswer,
  openSender,
  type Sender,
  type SenderOptions
} from "./request/Sender.ts"
export { type AgentOptions } from "./request/Client.ts"
export { headerProblem } from "./request/headers.ts"
export { type TroubleReason } from "./request/Trouble.ts"
export * from "./signature.ts"
