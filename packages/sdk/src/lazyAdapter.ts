/** An adapter whose package is loaded when the first action needs it: a host that has no such hook pays nothing for it. */
import { type Adapter, Adapters, type AnyAdapter } from "@tenterhook/core"
import { Effect, Exit, Layer, Scope } from "effect"

/** Opens once. */
export const lazyAdapter = <A>(
  kind: string,
  action: Adapter<A>["action"],
  open: () => Promise<Adapter<A>>
): Adapter<A> => {
  let opening: Promise<Adapter<A>> | undefined
  return {
    kind,
    action,
    start: (invocation) =>
      Effect.flatMap(
        Effect.promise(() => (opening ??= open())),
        (adapter) => adapter.start(invocation)
      )
  }
}

/** The adapter that a package's layer registers. It ends with the scope. */
export const adapterOfLayer = async (
  kind: string,
  layer: Layer.Layer<never, never, Adapters>,
  scope: Scope.Scope
): Promise<AnyAdapter> => {
  const built = Layer.buildWithScope(Layer.provideMerge(layer, Layer.fresh(Adapters.layer)), scope)
  const exit = await Effect.runPromiseExit(
    Effect.flatMap(built, (context) =>
      Effect.flatMap(Adapters, (adapters) => adapters.get(kind)).pipe(Effect.provideContext(context))
    )
  )
  if (Exit.isSuccess(exit)) return exit.value
  throw new Error(`the adapter "${kind}" could not be opened: ${String(exit.cause)}`)
}
