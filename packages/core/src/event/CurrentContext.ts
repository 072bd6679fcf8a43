import { Context } from "effect"
import type { EventContext } from "./EventContext.ts"

/** The context of the fire in progress: who and where, and what happened. */
export class CurrentContext extends Context.Service<CurrentContext, EventContext>()(
  "@tenterhook/core/event/CurrentContext"
) {}
