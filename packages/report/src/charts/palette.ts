import * as Plot from "@observablehq/plot"
import { categories } from "./categories.ts"

/** Marks that tell series apart where colour is lost. */
const symbols = ["circle", "square", "triangle", "diamond", "star", "wye", "cross"] as const

export const ink = { text: "#222222", note: "#555555", baseline: "#666666", failed: "#333333" } as const

export const categoryColor = (i: number): string => categories[i % categories.length]!
export const categorySymbol = (i: number): (typeof symbols)[number] => symbols[i % symbols.length]!

const plasma = Plot.scale({ color: { type: "linear", scheme: "plasma", domain: [0, 1] } })

/** From light to dark, monotonic in lightness; the pale end is left out, as it is lost on white. */
export const sequence = (length: number): ReadonlyArray<string> =>
  Array.from({ length }, (_, i) => plasma!.apply(length === 1 ? 0 : 0.68 * (1 - i / (length - 1))))
