import * as Plot from "@observablehq/plot"

/** Okabe and Ito's colours, which the colour-blind tell apart, in an order and a darkness that suit thin lines and text. */
const categories = ["#0072b2", "#c8500a", "#008060", "#b0508c", "#8c6d00", "#3c8fc0", "#444444"] as const

/** Marks that tell series apart where colour is lost. */
const symbols = ["circle", "square", "triangle", "diamond", "star", "wye", "cross"] as const

export const ink = { text: "#222222", note: "#555555", baseline: "#666666", failed: "#333333" } as const

export const categoryColor = (i: number): string => categories[i % categories.length]!
export const categorySymbol = (i: number): (typeof symbols)[number] => symbols[i % symbols.length]!

const plasma = Plot.scale({ color: { type: "linear", scheme: "plasma", domain: [0, 1] } })

/** From light to dark, monotonic in lightness; the pale end is left out, as it is lost on white. */
export const sequence = (length: number): ReadonlyArray<string> =>
  Array.from({ length }, (_, i) => plasma!.apply(length === 1 ? 0 : 0.68 * (1 - i / (length - 1))))
