/** The only error an adapter fails with. `reason._tag` is the word that the report prints. */
import { Predicate, Schema } from "effect"
import { HookName } from "../hook/Hook.ts"
import type { Reply } from "./Reply.ts"

/** What the action names is not there. */
export class Missing extends Schema.TaggedError<Missing>()("missing", { name: Schema.String, place: Schema.String }) {
  override get message() {
    return `expected ${this.name} in ${this.place}, found nothing`
  }
}

/** What the action names exists, but is not connected for this host or person now. */
export class Unavailable extends Schema.TaggedError<Unavailable>()("unavailable", {
  name: Schema.String,
  why: Schema.String
}) {
  override get message() {
    return `${this.name} is not available: ${this.why}`
  }
}

/** The action could not be started. */
export class Spawn extends Schema.TaggedError<Spawn>()("spawn", { what: Schema.String, why: Schema.String }) {
  override get message() {
    return `could not start ${this.what}: ${this.why}`
  }
}

/** The way to the other side broke: no connection, a reset, a protocol error. */
export class Transport extends Schema.TaggedError<Transport>()("transport", {
  what: Schema.String,
  why: Schema.String
}) {
  override get message() {
    return `no answer from ${this.what}: ${this.why}`
  }
}

/** The tool or function ran and failed. */
export class ToolFailed extends Schema.TaggedError<ToolFailed>()("tool", { name: Schema.String, why: Schema.String }) {
  override get message() {
    return `${this.name} failed: ${this.why}`
  }
}

/** More came than may be kept, and a part of it would be misread. */
export class Oversize extends Schema.TaggedError<Oversize>()("oversize", {
  what: Schema.String,
  limitBytes: Schema.Int
}) {
  override get message() {
    return `${this.what} is larger than ${this.limitBytes} bytes`
  }
}

export type AdapterReason = Missing | Unavailable | Spawn | Transport | ToolFailed | Oversize

export class AdapterError extends Schema.TaggedError<AdapterError>()("AdapterError", {
  hook: HookName,
  reason: Schema.Union([Missing, Unavailable, Spawn, Transport, ToolFailed, Oversize]),
  /** What it had said, where it got that far. */
  reply: Schema.optionalKey(
    Schema.declare((value: unknown): value is Reply => Predicate.hasProperty(value, "diagnostics"))
  )
}) {
  override get message() {
    return `${this.hook}: ${this.reason.message}`
  }
}
