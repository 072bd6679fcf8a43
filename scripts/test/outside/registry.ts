/**
 * A registry on loopback that has the packages of this clone as they would be published, and redirects to the configured
 * registry for all others. vitest's main process packs and starts it when the first test file asks; a test file asks by
 * `publishedRegistry`, through `outsideProject`.
 */
import { createHash } from "node:crypto"
import { createServer, type Server, type ServerResponse } from "node:http"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { inject } from "vitest"
import type { TestProject } from "vitest/node"
import { pnpm, run } from "../../workspace.mjs"
import { type Manifest, published } from "../packages.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** Returns the registry's URL. */
    readonly registryDoor: string
  }
}

/** URL of the registry. Fails with the words of `pnpm pack` if the packages cannot be packed. */
export const publishedRegistry = async (): Promise<string> => {
  const answer = await fetch(inject("registryDoor"))
  const text = await answer.text()
  if (answer.ok) return text
  throw new Error(text)
}

export default async ({ provide }: Pick<TestProject, "provide">): Promise<() => Promise<void>> => {
  let starting: Promise<Server> | null = null
  const door = createServer((_, response) => {
    starting ??= startRegistry()
    starting.then(
      (registry) => response.end(urlOf(registry)),
      (error: Error) => response.writeHead(500).end(error.message)
    )
  })
  await listen(door)
  provide("registryDoor", urlOf(door))
  return async () => {
    for (const server of [door, await starting?.catch(() => undefined)]) {
      server?.closeAllConnections()
      server?.close()
    }
  }
}

const startRegistry = async (): Promise<Server> => {
  const [tarballs, { said: upstream }] = await Promise.all([
    pack(),
    run(["npm", "config", "get", "registry"], { capture: true })
  ])
  const registry = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname).slice(1)
    const wanted = tarballs.find(({ manifest, file }) => path === manifest.name || path === file)
    if (wanted === undefined) {
      response.writeHead(307, { location: new URL(request.url!.slice(1), upstream.trim()).href }).end()
    } else if (path === wanted.file) send(response, "application/octet-stream", wanted.bytes)
    else send(response, "application/json", Buffer.from(JSON.stringify(packument(wanted, urlOf(registry)))))
  })
  await listen(registry)
  return registry
}

interface Tarball {
  readonly manifest: Manifest
  /** Path on the registry. */
  readonly file: string
  readonly bytes: Buffer
}

/** Packs with pnpm, which replaces `workspace:*` with the version, as it does when it publishes. */
const pack = async (): Promise<ReadonlyArray<Tarball>> => {
  const folder = mkdtempSync(join(tmpdir(), "tenterhook-packed-"))
  try {
    const filters = published.flatMap(({ name }) => ["--filter", name])
    const command = [...pnpm(), "-r", ...filters, "pack", "--pack-destination", folder]
    const { code, said } = await run(command, { capture: true })
    if (code !== 0) throw new Error(`${said}\`${command.join(" ")}\` failed with exit code ${code}`)
    return readdirSync(folder).map((tarball) => {
      const bytes = readFileSync(join(folder, tarball))
      const manifest = JSON.parse(entryOf(gunzipSync(bytes), "package/package.json")) as Manifest
      return { manifest, file: `${manifest.name}/-/${tarball}`, bytes }
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const packument = ({ manifest, file, bytes }: Tarball, url: string) => ({
  name: manifest.name,
  "dist-tags": { latest: manifest.version },
  versions: {
    [manifest.version]: {
      ...manifest,
      dist: {
        tarball: new URL(file, url).href,
        integrity: `sha512-${createHash("sha512").update(bytes).digest("base64")}`
      }
    }
  }
})

/** A tar file is blocks of 512 bytes: for each entry a header with its name and its size in octal, then its bytes. */
const entryOf = (tar: Buffer, name: string): string => {
  for (let at = 0; at < tar.length;) {
    const field = (start: number, length: number) => tar.toString("utf8", at + start, at + start + length)
    const size = Number.parseInt(field(124, 12), 8) || 0
    if (field(0, 100).replace(/\0.*$/s, "") === name) return tar.toString("utf8", at + 512, at + 512 + size)
    at += 512 + Math.ceil(size / 512) * 512
  }
  throw new Error(`no ${name} in the tarball`)
}

/** `no-store`: npm's cache knows answers by their URL, and a later run may get the same port. */
const send = (response: ServerResponse, type: string, body: Buffer) =>
  response.writeHead(200, { "content-type": type, "cache-control": "no-store" }).end(body)

const listen = (server: Server) => new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))

const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
