/** Other runtimes than Node, as their npm packages have them: installed once, into `node_modules/.cache`. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { installedOnce } from "./installed.ts"

export type RuntimeName = keyof typeof packages

/** Path of the runtime's program; why not, where its package has none for this machine. */
export const runtimeOf = async (name: RuntimeName): Promise<string | { readonly unsupported: string }> => {
  const { version, program, platforms } = packages[name]
  const platform = `${process.platform}-${process.arch}`
  if (!platforms.includes(platform)) return { unsupported: `${name} ${version} has no npm package for ${platform}` }
  const home = await installedOnce(name, version)
  const file = join(home, "node_modules", ...program)
  if (!existsSync(file)) throw new Error(`npm install ${name}@${version} did not make ${file}`)
  return file
}

const packages = {
  bun: {
    version: "1.4.5",
    program: ["bun", "bin", "bun.exe"],
    platforms: ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"]
  },
  deno: {
    version: "2.9.6",
    program: ["deno", "deno"],
    platforms: ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"]
  }
}
