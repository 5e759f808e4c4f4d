import { inOrder } from "@moco/evaluation/inOrder"
import type { Measurement } from "@moco/evaluation/Measurement"
import { isBaseline } from "@moco/evaluation/subjects"
import { largest } from "./extent.ts"
import { byWhat, partsOf, written } from "./quantity.ts"

const leastWidth = 11
/** Of a name, and of a way: longer ones stand out of their column, and do not widen all others. */
const [maxNameWidth, maxWayWidth] = [60, 40]

/** What was measured by subject, the trained encoder first: a table for everything that is measured in several ways. */
export const measurementRows = (measurements: ReadonlyArray<Measurement>): ReadonlyArray<string> => {
  const all = byWhat(inOrder(measurements))
  const names = [...all.keys(), ...measurements.map(({ subject }) => `  ${subject}`)]
  const nameWidth = Math.min(maxNameWidth, largest(lengthsOf(names), 0))
  return [...all].flatMap(([what, found]) => rowsOf(what, found, nameWidth))
}

/** One table: a head with the ways, and a row for each subject. */
const rowsOf = (
  what: string,
  found: ReadonlyArray<Measurement>,
  nameWidth: number
): ReadonlyArray<string> => {
  const ways = distinct(found.map((measurement) => partsOf(measurement).way))
  const bySubject = Map.groupBy(found.toReversed().toSorted(trainedFirst), ({ subject }) => subject)
  const widths = ways.map((way) => Math.max(leastWidth, Math.min(maxWayWidth, way.length) + 2))
  const row = (name: string, cells: ReadonlyArray<string>) =>
    [name.padEnd(nameWidth), ...cells.map((cell, i) => placed(cell, widths[i]!))].join("").trimEnd()
  return [
    row(what, ways),
    ...[...bySubject].map(([subject, newestFirst]) => {
      // Of two of one way the older one stands, as in the order of appearance.
      const own = new Map(newestFirst.map((one) => [partsOf(one).way, written(one, one.value)]))
      return row(
        `  ${subject}`,
        ways.map((way) => own.get(way) ?? "-")
      )
    })
  ]
}

/** At the end of its column, and never at another's letters. */
const placed = (cell: string, width: number): string =>
  cell.length < width ? cell.padStart(width) : `  ${cell}`

const lengthsOf = (texts: ReadonlyArray<string>): ReadonlyArray<number> => texts.map(({ length }) => length)

/**
 * The scores among what was measured as a table that fits on a screen, and in one line what else there is; everything
 * where nothing is a score.
 *
 * @param where  all of it is to be read: `in the report`
 */
export const scoreRows = (measurements: ReadonlyArray<Measurement>, where: string): ReadonlyArray<string> => {
  const isScore = ({ higherIsBetter }: Measurement) => higherIsBetter !== null
  const others = inOrder(measurements.filter((found) => !isScore(found))).map((found) => partsOf(found).what)
  return others.length === 0 || others.length === measurements.length
    ? measurementRows(measurements)
    : [
        ...measurementRows(measurements.filter(isScore)),
        `no scores, and to be read ${where}: ${distinct(others).join(", ")}`
      ]
}

const trainedFirst = (a: Measurement, b: Measurement) => Number(isBaseline(a)) - Number(isBaseline(b))

const distinct = (names: ReadonlyArray<string>) => [...new Set(names)]
