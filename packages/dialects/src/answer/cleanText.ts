/** The text of an output as answers are looked for in it: without NUL bytes, terminal colours and blank margins. */

export interface CleanText {
  readonly text: string
  /** It held NUL bytes: UTF-16, UTF-32, or binary data. What is left of UTF-16 without them is its ASCII. */
  readonly hadNul: boolean
}

export const cleanText = (raw: string): CleanText => {
  const hadNul = raw.includes("\0")
  const whole = hadNul ? raw.replaceAll("\0", "") : raw
  const text = /[\u001b\u009b\u0007]/.test(whole) ? whole.replace(terminalCodes, "") : whole
  return { text: text.trim(), hadNul }
}

/**
 * Colours, cursor movements, and the frames of links and titles, whose text stays. A brace never belongs to one, so an
 * object that begins inside a broken sequence is kept.
 */
const terminalCodes =
  /(?:\u001b\[|\u009b)[0-9:;<=>?]{0,64}[@-Za-z~]|\u001b[()][0-9A-Z]|\u001b[=>78cDEHM\\]|\u001b\](?:\d{1,4};)?|\u0007/g
