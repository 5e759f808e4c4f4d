import { largest } from "../extent.ts"
/** Sizes of text in the charts, in pixels. */
export const fontSize = { title: 13, text: 11 } as const

/** From one line to the next. */
export const lineHeight = 14

/**
 * Width of text in DejaVu Sans, in pixels, rather too wide than too narrow.
 *
 * By classes of letters, so that an SVG needs no font at hand; DejaVu is the widest of the fonts that a browser puts
 * in its place.
 */
export const textWidth = (text: string, size: number = fontSize.text): number =>
  largest(text.split("\n").map((line) => [...line].reduce((sum, letter) => sum + advance(letter), 0))) * size

const advance = (letter: string) => {
  if (/[ijl.,:;|'!()[\]/\s-]/.test(letter)) return 0.37
  if (/[mwMW%@]/.test(letter)) return 0.98
  return /[A-Z=+<>]/.test(letter) ? 0.76 : 0.63
}

const list = new Intl.ListFormat("en-GB", { type: "conjunction" })

/** Each once: `loss, kNN accuracy and uniformity`. */
export const inWords = (names: ReadonlyArray<string>): string => list.format(new Set(names))

/** Breaks text at spaces into lines of at most `width` pixels; a longer word has a line of its own. */
export const wrap = (text: string, width: number, size: number = fontSize.text): string => {
  const lines: Array<string> = []
  for (const word of text.split(/ +/)) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`
    if (textWidth(longer, size) <= width) lines.splice(-1, 1, longer)
    else lines.push(word)
  }
  return lines.join("\n")
}

export const numLines = (text: string): number => text.split("\n").length

/** Keeps a text in one line, if that is short enough. */
export const unbroken = (text: string, width: number): string =>
  textWidth(text) <= width ? text.replaceAll(" ", "\u00a0") : text
