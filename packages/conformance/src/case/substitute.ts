/** Fills in a case's own values: its folder, an id, its receivers' URLs, and long strings that are written short. */
import type { CaseFile } from "./Case.ts"
import { isRecord } from "./Matcher.ts"

/** What the names in `${…}` stand for: `CASE_DIR`, `CASE_ID`, `RECEIVER_HOOK`. */
export type Values = Readonly<Record<string, string>>

/** Replaces the names that are known in every string, keys too. Any other `${…}` stays as it is. */
export const substitute = <A>(value: A, values: Values): A => replaceIn(value, (text) => replaceText(text, values)) as A

const replaceText = (text: string, values: Values) =>
  text.replace(/\$\{([A-Z0-9_]+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? values[name]! : whole))

/** `{repeat: "x", times: 3}` becomes `"xxx"`, wherever it stands. */
export const expandRepeats = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(expandRepeats)
  if (!isRecord(value)) return value
  const { repeat, times } = value
  if (
    Object.keys(value).length === 2 &&
    typeof repeat === "string" &&
    Number.isInteger(times) &&
    (times as number) >= 0
  ) {
    return repeat.repeat(times as number)
  }
  return mapRecord(value, expandRepeats)
}

/** A file's text and mode bits. */
export const fileOf = (file: CaseFile): { readonly content: string; readonly mode: number } =>
  typeof file === "string"
    ? { content: file, mode: 0o644 }
    : { content: file.content, mode: Number.parseInt(String(file.mode ?? "0644"), 8) }

const replaceIn = (value: unknown, replace: (text: string) => string): unknown => {
  if (typeof value === "string") return replace(value)
  if (Array.isArray(value)) return value.map((item) => replaceIn(item, replace))
  if (!isRecord(value)) return value
  return mapRecord(value, (item) => replaceIn(item, replace), replace)
}

/** Own keys only, `__proto__` among them. */
const mapRecord = (record: Record<string, unknown>, map: (value: unknown) => unknown, mapKey = (key: string) => key) =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [mapKey(key), map(value)]))
