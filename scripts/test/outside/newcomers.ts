/** The pages that a newcomer reads first: typed, word for word, in an empty repository outside of the clone. */
export const typedByNewcomers: ReadonlyArray<string> = ["README.md"]
