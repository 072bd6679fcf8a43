/** What is published can be installed and imported: the built packages, without the condition that leads to their source. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { node, within } from "../workspace.mjs"
import { packages, published, targetsOf } from "./packages.ts"

const libraries = published.filter(({ manifest }) => manifest.bin === undefined)
const unbuilt = libraries.filter(({ folder }) => !existsSync(join(folder, "dist")))
if (unbuilt.length > 0) throw new Error(`not built: ${unbuilt.map((each) => each.name)}. Run \`npm run build\` first.`)

describe("a manifest", () => {
  for (const { name, folder, manifest } of packages) {
    it(name, () => {
      assert.strictEqual(manifest.license, "MIT")
      assert.strictEqual(manifest.engines?.node, ">=22.19")
      const files = [...Object.values(manifest.exports ?? {}).flatMap(targetsOf), ...Object.values(manifest.bin ?? {})]
      assert.isNotEmpty(files)
      for (const file of files) {
        assert.isTrue(existsSync(join(folder, file)), `${file} is there`)
        assert.include(manifest.files ?? [], file.split("/")[1], `${file} is published`)
      }
    })
  }
})

it("the package tenterhook ships the JSON Schema of its configs, with its version in the id", () => {
  const { folder, manifest } = published.find(({ name }) => name === "tenterhook")!
  assert.include(manifest.files ?? [], "schema")
  const { $id, $defs, ...schema } = JSON.parse(readFileSync(join(folder, "schema", "tenterhook.schema.json"), "utf8"))
  assert.strictEqual($id, `https://unpkg.com/tenterhook@${manifest.version}/schema/tenterhook.schema.json`)
  assert.isObject($defs.Hook)
  assert.isObject(schema.properties.hooks)
})

it("every published package is in the fixed group of changesets, and no other", () => {
  const { fixed } = JSON.parse(readFileSync(within(".changeset", "config.json"), "utf8"))
  assert.deepStrictEqual(
    fixed.map((group: ReadonlyArray<string>) => group.toSorted()),
    [published.map(({ name }) => name).toSorted()]
  )
})

describe("from a folder that installed them", () => {
  const specifiers = libraries.flatMap(({ name, manifest }) =>
    Object.entries(manifest.exports ?? {})
      .filter(([, entry]) => targetsOf(entry).some((file) => file.endsWith(".js")))
      .map(([path]) => name + path.slice(1))
  )
  let built: Names
  let source: Names
  beforeAll(async () => {
    const consumer = await mkdtemp(join(tmpdir(), "tenterhook-consumer-"))
    try {
      for (const { name, folder } of libraries) {
        await mkdir(dirname(join(consumer, "node_modules", name)), { recursive: true })
        await symlink(folder, join(consumer, "node_modules", name))
      }
      await writeFile(join(consumer, "names.mjs"), namesOf(specifiers))
      built = await names(consumer, [])
      source = await names(consumer, ["--conditions=@tenterhook/source"])
    } finally {
      await rm(consumer, { recursive: true, force: true })
    }
  })

  for (const specifier of specifiers) {
    it(`${specifier} gives what its source exports`, () => {
      assert.isArray(built[specifier], `${built[specifier]}`)
      assert.deepStrictEqual(built[specifier], source[specifier])
      assert.isNotEmpty(built[specifier])
    })
  }

  it("the SDK has no Effect in its types", () => {
    const index = within("packages", "sdk", "dist", "index.d.ts")
    assert.notInclude(
      [...declarationsFrom(index)].flatMap((file) => specifiersIn(file)),
      "effect"
    )
  })
})

const execute = promisify(execFile)

/** What each module exports, or why it cannot be imported. */
type Names = Readonly<Record<string, ReadonlyArray<string> | string>>

const namesOf = (specifiers: ReadonlyArray<string>) => `
  const names = {}
  for (const specifier of ${JSON.stringify(specifiers)})
    names[specifier] = await import(specifier).then((module) => Object.keys(module).sort(), String)
  console.log(JSON.stringify(names))
`

const names = async (folder: string, flags: ReadonlyArray<string>): Promise<Names> =>
  JSON.parse((await execute(node, [...flags, "names.mjs"], { cwd: folder })).stdout)

/** The file and all that it imports by relative path. */
const declarationsFrom = (file: string, found = new Set<string>()): ReadonlySet<string> => {
  if (found.has(file)) return found
  found.add(file)
  for (const specifier of specifiersIn(file).filter((each) => each.startsWith("."))) {
    declarationsFrom(join(dirname(file), specifier.replace(/\.[jt]s$/, ".d.ts")), found)
  }
  return found
}

const specifiersIn = (file: string) =>
  [...readFileSync(file, "utf8").matchAll(/(?:from|import\() ?"([^"]+)"/g)].map((match) => match[1]!)
