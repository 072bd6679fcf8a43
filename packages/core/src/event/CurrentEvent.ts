import { Context } from "effect"
import type { HookEvent } from "./Event.ts"

/** The event of the fire in progress. Provided by the engine to function hooks, adapters, dialects and listeners. */
export class CurrentEvent extends Context.Service<CurrentEvent, HookEvent>()("@tenterhook/core/event/CurrentEvent") {}
