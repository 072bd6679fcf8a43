/** A server as a subject of the conformance suite: one of our own for the run, or somebody's. */
import { serverSubject, type Subject } from "@tenterhook/conformance"
import { type OwnServer, startOwnServer } from "./startOwnServer.ts"

export const ownServerSubject = async (): Promise<{ readonly subject: Subject; readonly close: OwnServer["stop"] }> => {
  const { url, key, stop } = await startOwnServer()
  return { subject: serverSubject({ url, key }), close: stop }
}

export const urlSubject = (url: string, key: string | undefined): Subject =>
  serverSubject({ url, name: url, ...(key === undefined ? {} : { key }) })
