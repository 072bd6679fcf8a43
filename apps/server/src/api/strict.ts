/** For what a person writes: a key that means nothing here is refused, as it would be in a config. */
export const strict = { onExcessProperty: "error", errors: "all" } as const
