import * as Escape from "@moco/core/Escape"

/** HTML or SVG in which every word from elsewhere is escaped; made by {@link markup} alone. */
export interface Markup {
  readonly text: string
  readonly [isMarkup]: true
}

const isMarkup: unique symbol = Symbol("Markup")

/** What may stand in a template; what is missing is left out. */
type Part = Markup | string | number | undefined | ReadonlyArray<Markup>

const trusted = (text: string): Markup => ({ text, [isMarkup]: true })

/**
 * Markup from a template: its own text is taken as it is, every string in it is escaped, in an element or in a quoted
 * attribute. Numbers are coordinates: two digits behind the point are finer than a pixel.
 */
export const markup = (own: TemplateStringsArray, ...parts: ReadonlyArray<Part>): Markup =>
  trusted(own.map((text, i) => `${text}${i < parts.length ? rendered(parts[i]) : ""}`).join(""))

const rendered = (part: Part): string => {
  if (part === undefined) return ""
  if (typeof part === "string") return Escape.markup(part)
  if (typeof part === "number") return coordinate(part)
  return "text" in part ? part.text : part.map(({ text }) => text).join("")
}

/** A number as short as it can be said; one that is none is the origin, where it is seen to be wrong. */
const coordinate = (value: number): string =>
  Number.isFinite(value) ? String(Math.round(100 * value) / 100) : "0"

/** The path of a curve, from numbers alone. */
export const path = (points: ReadonlyArray<readonly [x: number, y: number]>): Markup =>
  trusted(points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${tenth(x)} ${tenth(y)}`).join(""))

/** A path that sets a small shape, given relative to a point, at each of many points. */
export const stamps = (points: ReadonlyArray<readonly [x: number, y: number]>, shape: Stamp): Markup =>
  trusted(points.map(([x, y]) => `M${tenth(x)} ${tenth(y)}${shapes[shape]}`).join(""))

export type Stamp = keyof typeof shapes

const shapes = {
  dot: "h0",
  triangle: "m-2 1.6h4l-2-3.6z",
  cross: "m-1.8-1.8l3.6 3.6m0-3.6l-3.6 3.6"
} as const

const tenth = (value: number): string => (Number.isFinite(value) ? String(Math.round(10 * value) / 10) : "0")

/** A picture inside of a page; `bytes` are those of a file whose kind is known. */
export const dataAddress = (bytes: Uint8Array, type: "image/png" | "image/webp"): Markup =>
  trusted(`data:${type};base64,${Buffer.from(bytes).toString("base64")}`)

/** A style sheet or the like, which is ours as a whole. */
export const ours = (text: string): Markup => trusted(text)
