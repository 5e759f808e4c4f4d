import { inOrder } from "@moco/evaluation/inOrder"
import type { Measurement } from "@moco/evaluation/Measurement"
import { isBaseline } from "@moco/evaluation/subjects"
import { byWhat, partsOf, written } from "./quantity.ts"

const nameWidth = 34
const leastWidth = 11

/** What was measured by subject, the trained encoder first: a table for everything that is measured in several ways. */
export const measurementRows = (measurements: ReadonlyArray<Measurement>): ReadonlyArray<string> =>
  [...byWhat(inOrder(measurements))].flatMap(([what, found]) => {
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

const trainedFirst = (a: Measurement, b: Measurement) => Number(isBaseline(a)) - Number(isBaseline(b))

const distinct = (names: ReadonlyArray<string>) => [...new Set(names)]
