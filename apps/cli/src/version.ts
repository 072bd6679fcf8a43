import { readFileSync } from "node:fs"

/** As package.json says; it stands one folder above both the source and the built file. */
export const version: string = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version
