import { inOrder } from "@moco/evaluation/inOrder"
import type { Measurement } from "@moco/evaluation/Measurement"
import { isBaseline } from "@moco/evaluation/subjects"

/** More than every evaluation of ours has together, of as many subjects as find room beside each other. */
const [maxMetrics, maxSubjects] = [120, 8]

/** Letters of what a file from elsewhere calls its measurements; a longer one loses its middle. */
const longest = { subject: 40, evaluation: 40, metric: 100, unit: 20, protocol: 300 } as const

/** What is shown of measurements. */
export interface Few {
  readonly shown: ReadonlyArray<Measurement>
  /** How many are not. */
  readonly more: number
}

/**
 * As much of what was measured as a table has room for, however much there is and whatever it is called: the first
 * metrics in the order of evaluations, of the trained encoder and the first others; of each the first measurement.
 */
export const fewMeasurements = (measurements: ReadonlyArray<Measurement>): Few => {
  const ordered = inOrder(measurements)
  const metrics = firstOf(
    ordered.map(({ metric }) => metric),
    maxMetrics
  )
  const trainedFirst = ordered.toSorted((a, b) => Number(isBaseline(a)) - Number(isBaseline(b)))
  const subjects = firstOf(
    trainedFirst.map(({ subject }) => subject),
    maxSubjects
  )
  const seen = new Set<string>()
  const shown = ordered.filter(({ metric, subject }) => {
    const [row, column] = [metrics.get(metric), subjects.get(subject)]
    const cell = `${row} ${column}`
    if (row === undefined || column === undefined || seen.has(cell)) return false
    seen.add(cell)
    return true
  })
  return { shown: shown.map(shortened), more: measurements.length - shown.length }
}

/** The first different names, each with its place. */
const firstOf = (names: ReadonlyArray<string>, most: number): ReadonlyMap<string, number> =>
  new Map([...new Set(names)].slice(0, most).map((name, place) => [name, place]))

const shortened = (found: Measurement): Measurement => ({
  ...found,
  subject: withoutMiddle(found.subject, longest.subject),
  evaluation: withoutMiddle(found.evaluation, longest.evaluation),
  metric: withoutMiddle(found.metric, longest.metric),
  unit: withoutMiddle(found.unit, longest.unit),
  protocol: withoutMiddle(found.protocol, longest.protocol)
})

/** Names that differ often do so at their ends: `kNN accuracy (k = 200)`. */
const withoutMiddle = (text: string, most: number): string => {
  if (text.length <= most) return text
  const tail = Math.floor(most / 3)
  return `${text.slice(0, most - tail - 3).toWellFormed()}...${text.slice(-tail).toWellFormed()}`
}

/** A line about what is not shown; none where all is. */
export const moreOf = ({ more }: Few, file: string): ReadonlyArray<string> =>
  more === 0 ? [] : [`and ${more} more ${more === 1 ? "measurement" : "measurements"}, in ${file}`]
