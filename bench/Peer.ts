/** Peers are installed on demand, outside of the workspace, and never are a dependency of it. */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** The folder of an npm package at an exact version; null where it cannot be installed here. */
export const installPeer = (name: string, version: string): string | null => {
  const root = join(import.meta.dirname, ".peers", `${name.replaceAll(/[@/]/g, "_")}-${version}`)
  const folder = join(root, "node_modules", name)
  if (existsSync(join(folder, "package.json"))) return folder
  mkdirSync(root, { recursive: true })
  writeFileSync(join(root, "package.json"), '{ "private": true }\n')
  console.error(`installing ${name}@${version} to measure against …`)
  const npm = spawnSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", `${name}@${version}`], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"]
  })
  return npm.status === 0 ? folder : null
}
