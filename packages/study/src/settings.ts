import type { Settings } from "./Report.ts"

/** Settings in words: `mechanism = queue, K = 1024`. */
export const renderSettings = (settings: Settings): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}`)
    .join(", ")

/** Whether a cell has all of `part`. */
export const isAt = (cell: Settings, part: Settings): boolean =>
  Object.entries(part).every(([name, value]) => cell[name] === value)

/** Whether two cells are the same one. */
export const isSame = (a: Settings, b: Settings): boolean =>
  Object.keys(a).length === Object.keys(b).length && isAt(a, b)
