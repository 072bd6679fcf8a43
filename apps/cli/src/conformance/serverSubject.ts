/** A server as a subject of the conformance suite: one of our own for the run, or somebody's. */
import { serverSubject, type Subject } from "@tenterhook/conformance"
import type { CasePlugins } from "./CasePlugins.ts"
import { type OwnServer, startOwnServer } from "./startOwnServer.ts"

export const ownServerSubject = async ({
  modules,
  kinds
}: CasePlugins): Promise<{ readonly subject: Subject; readonly close: OwnServer["stop"] }> => {
  const { url, key, stop } = await startOwnServer(modules)
  const needs = ["shell", "tool-call", "webhook", "exec", ...kinds]
  return { subject: serverSubject({ url, key, needs }), close: stop }
}

export const urlSubject = (url: string, key: string | undefined): Subject =>
  serverSubject({ url, name: url, ...(key === undefined ? {} : { key }) })
