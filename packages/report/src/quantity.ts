import type { Measurement, Metric } from "@moco/evaluation/Measurement"
import { percent } from "./percent.ts"

/** How numbers of a unit are written and drawn. */
interface Notation {
  /** What a number is multiplied by before it is drawn. */
  readonly scale: number
  /** The unit as it is written behind a number; empty where there is none. */
  readonly suffix: string
  /** A number without its unit. */
  readonly digits: (value: number) => string
  /** A small difference without its unit, and how that unit is called. */
  readonly difference: { readonly digits: (value: number) => string; readonly unit: string }
  /** What drawn values can be at all. */
  readonly limits: readonly [number, number]
  /** The least that an axis spans, so that noise does not look like a result. */
  readonly least: number
}

const significant = (value: number): string => String(Number(value.toPrecision(4)))

const notations: Readonly<Record<string, Notation>> = {
  fraction: {
    scale: 100,
    suffix: "%",
    digits: percent,
    // A 0.0 would not tell on which side of 0 an interval ends.
    difference: { digits: (value) => (100 * value).toFixed(2), unit: "points" },
    limits: [0, 100],
    least: 2
  },
  nats: {
    scale: 1,
    suffix: "nats",
    digits: (value) => value.toFixed(3),
    difference: { digits: (value) => value.toFixed(3), unit: "nats" },
    limits: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    least: 0.2
  },
  "images/s": {
    scale: 1,
    suffix: "images/s",
    digits: (value) => String(Math.round(value)),
    difference: { digits: significant, unit: "images/s" },
    limits: [0, Number.POSITIVE_INFINITY],
    least: 1
  }
}

/** How numbers of this unit are written and drawn. */
export const notationOf = (unit: string): Notation =>
  Object.hasOwn(notations, unit)
    ? notations[unit]!
    : {
        scale: 1,
        suffix: unit,
        digits: significant,
        difference: { digits: significant, unit },
        limits: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
        least: 0
      }

type Unit = Pick<Metric, "unit">

/** A value as a sentence has it: `78.5 %`, `5.1 nats`, `12`. */
export const written = ({ unit }: Unit, value: number): string => behind(notationOf(unit).digits(value), unit)

const behind = (text: string, unit: string): string => {
  const { suffix } = notationOf(unit)
  return suffix === "" ? text : `${text} ${suffix}`
}

/** A value without its unit, for a column whose head has it. */
export const digits = ({ unit }: Unit, value: number): string => notationOf(unit).digits(value)

/** What stands over a column of a metric: `kNN accuracy (k = 200), %`. */
export const columnHead = ({ metric, unit }: Pick<Metric, "metric" | "unit">): string => {
  const { suffix } = notationOf(unit)
  return suffix === "" ? metric : `${metric}, ${suffix}`
}

/** What stands over an axis of a metric: `kNN accuracy (%)`. */
export const axisHead = ({ metric, unit }: Pick<Metric, "metric" | "unit">): string => {
  const { suffix } = notationOf(unit)
  return suffix === "" ? metric : `${metric} (${suffix})`
}

/**
 * What is measured, and in which of several ways, as the name of its metric says: `kNN accuracy (k = 200)` is
 * `kNN accuracy` by `k = 200`. The way is empty where there is one only.
 */
export const partsOf = ({
  metric
}: Pick<Metric, "metric">): { readonly what: string; readonly way: string } => {
  const [, what = metric, way = ""] = /^(.+) \(([^()]+)\)$/.exec(metric) ?? []
  return { what, way }
}

/** Measurements that differ in the way alone, by what is measured, in order of appearance. */
export const byWhat = (
  measurements: ReadonlyArray<Measurement>
): ReadonlyMap<string, ReadonlyArray<Measurement>> =>
  Map.groupBy(measurements, (found) => partsOf(found).what)

/** One line about measurements of one subject: `kNN accuracy 78.5 % (k = 200), 80.1 % (k = 20); rank 12`. */
export const inOneLine = (measurements: ReadonlyArray<Measurement>): string =>
  [...byWhat(measurements)]
    .map(([what, all]) => {
      const values = all.map((found) => {
        const { way } = partsOf(found)
        return `${written(found, found.value)}${way === "" ? "" : ` (${way})`}`
      })
      return `${what} ${values.join(", ")}`
    })
    .join("; ")
