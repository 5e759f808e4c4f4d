import { inOrder } from "@moco/evaluation/inOrder"
import type { Measurement } from "@moco/evaluation/Measurement"
import { isBaseline } from "@moco/evaluation/subjects"
import { byWhat, partsOf, written } from "./quantity.ts"

const leastWidth = 11

/** What was measured by subject, the trained encoder first: a table for everything that is measured in several ways. */
export const measurementRows = (measurements: ReadonlyArray<Measurement>): ReadonlyArray<string> => {
  const all = byWhat(inOrder(measurements))
  const names = [...all.keys(), ...measurements.map(({ subject }) => `  ${subject}`)]
  const nameWidth = Math.max(0, ...names.map(({ length }) => length))
  return [...all].flatMap(([what, found]) => {
    const ways = distinct(found.map((measurement) => partsOf(measurement).way))
    const subjects = distinct(
      found
        .toReversed()
        .toSorted(trainedFirst)
        .map(({ subject }) => subject)
    )
    const widths = ways.map((way) => Math.max(leastWidth, way.length + 2))
    const row = (name: string, cells: ReadonlyArray<string>) =>
      [name.padEnd(nameWidth), ...cells.map((cell, i) => cell.padStart(widths[i]!))].join("").trimEnd()
    return [
      row(what, ways),
      ...subjects.map((subject) => {
        const own = found.filter((measurement) => measurement.subject === subject)
        const cells = ways.map((way) => {
          const one = own.find((measurement) => partsOf(measurement).way === way)
          return one === undefined ? "-" : written(one, one.value)
        })
        return row(`  ${subject}`, cells)
      })
    ]
  })
}

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
