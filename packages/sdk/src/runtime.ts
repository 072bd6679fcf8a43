/** The runtime of this process. Imported first: on a Node that is too old another import would fail less clearly. */

/** As `engines` of the packages. */
const oldest = { major: 22, minor: 19 }

const { node = "0.0", bun, deno } = process.versions as Partial<Record<string, string>>

export const runtime: { readonly name: string; readonly isNode: boolean } =
  bun !== undefined
    ? { name: `bun ${bun}`, isNode: false }
    : deno !== undefined
      ? { name: `deno ${deno}`, isNode: false }
      : { name: `Node ${node}`, isNode: true }

const [major = 0, minor = 0] = node.split(".").map(Number)

if (runtime.isNode && (major < oldest.major || (major === oldest.major && minor < oldest.minor))) {
  throw new Error(`Tenterhook needs Node ${oldest.major}.${oldest.minor} or later, and this is ${runtime.name}`)
}
