import { categories, shades } from "./categories.ts"

/** Marks that tell series apart where colour is lost. */
const symbols = ["circle", "square", "triangle", "diamond", "star", "wye", "cross"] as const

/** By the names that a scheme has for them: a page puts its reader's in, and `inColours` those of a file. */
export const ink = {
  ground: "var(--card)",
  text: "var(--text)",
  note: "var(--quiet)",
  baseline: "var(--quiet)",
  failed: "var(--text)"
} as const

export const categoryColor = (i: number): string => `var(--c${i % categories.length})`
export const categorySymbol = (i: number): (typeof symbols)[number] => symbols[i % symbols.length]!

/** From what stands out least from the ground to what does most, monotonic in lightness. */
export const sequence = (length: number): ReadonlyArray<string> => {
  const last = shades.length - 1
  return Array.from(
    { length },
    (_, i) => `var(--q${length === 1 ? last : Math.round((last * i) / (length - 1))})`
  )
}
