import { defineConfig } from "tsup"

/** One ESM file per entry, nothing inlined but the package's own source; types come from tsc. */
export const bundle = (entry: Array<string>) =>
  defineConfig({ entry, format: "esm", target: "node22", platform: "neutral", outDir: "dist", sourcemap: true, clean: true, dts: false, splitting: true })
