/** The tools of hooks: MCP servers that are started when a hook calls one, and end when nobody has for a while. */
import { ToolAction } from "@tenterhook/core"
import type { Adapter } from "@tenterhook/core"
import { makeToolkit, type Toolkit, ToolAdapter } from "@tenterhook/tool-call"
import { Context, Effect, Layer, RcMap } from "effect"
import type { HookSetUpload } from "../api/hookSets.ts"
import { ToolServers } from "../store/ToolServers.ts"
import { Ground } from "./Ground.ts"

type Selection = NonNullable<HookSetUpload["tools"]>

export class Toolkits extends Context.Service<
  Toolkits,
  {
    /** Looks at each call which servers there are: a server that was added since is found, one that was removed is not. */
    readonly adapter: (selection: Selection) => Adapter<ToolAction>
  }
>()("@tenterhook/server/hooks/Toolkits") {
  static readonly layer = Layer.effect(
    Toolkits,
    Effect.gen(function* () {
      const ground = yield* Ground
      const saved = yield* ToolServers
      // The key says all that the toolkit is made of, so another config is another toolkit.
      const toolkits = yield* RcMap.make({
        lookup: (key: string) =>
          Effect.acquireRelease(
            Effect.sync((): Toolkit => {
              const { servers, shared } = JSON.parse(key) as Contents
              return makeToolkit({
                servers: { mcpServers: servers },
                env: ground.env,
                ...(shared ? { folder: ground.shared, tools: ground.tools } : {})
              })
            }),
            (toolkit) => toolkit.close
          ),
        idleTimeToLive: "5 minutes"
      })

      const keyOf = Effect.fnUntraced(function* ({ servers: names, shared = true }: Selection) {
        const all = { ...ground.servers, ...(yield* Effect.orDie(saved.all)) }
        const chosen = Object.keys(all)
          .filter((name) => names === undefined || names.includes(name))
          .toSorted()
        const contents: Contents = { servers: Object.fromEntries(chosen.map((name) => [name, all[name]!])), shared }
        return JSON.stringify(contents)
      })

      return Toolkits.of({
        adapter: (selection) => ({
          kind: "tool",
          action: ToolAction,
          start: (invocation) =>
            Effect.gen(function* () {
              const toolkit = yield* RcMap.get(toolkits, yield* keyOf(selection))
              return yield* ToolAdapter.adapterOf(toolkit).start(invocation)
            })
        })
      })
    })
  )
}

interface Contents {
  readonly servers: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly shared: boolean
}
