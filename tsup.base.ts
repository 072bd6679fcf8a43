/** How a package becomes JavaScript: one ESM file per entry. Types come from tsc. */
import { defineConfig, type Options } from "tsup"

/** Leaves every dependency an import. `neutral` refuses Node built-ins. */
export const library = (entry: Array<string>, platform: "neutral" | "node") =>
  defineConfig({ ...shared, entry, platform, target: "node22" })

/** Inlines every dependency, so that a command starts without resolving hundreds of files. */
export const program = (entry: Array<string>, options: Options = {}) =>
  defineConfig({
    ...shared,
    entry,
    platform: "node",
    target: "node22",
    sourcemap: false,
    noExternal: [/.*/],
    // jsonc-parser's other file cannot be inlined: it hides its imports in a UMD wrapper.
    esbuildOptions: (esbuild) => {
      esbuild.mainFields = ["module", "main"]
    },
    // CommonJS dependencies ask for Node's built-ins through `require`. The name must not be one that a dependency imports.
    banner: {
      js: `import { createRequire as bannerRequire } from "node:module"; const require = bannerRequire(import.meta.url)`
    },
    ...options
  })

const shared: Options = {
  format: "esm",
  outDir: "dist",
  sourcemap: true,
  splitting: true,
  clean: true,
  dts: false,
  silent: true,
  removeNodeProtocol: false
}
