import { EncoderSettings } from "@moco/core/Encoder/kinds"
import { Schema } from "effect"
import { stages } from "../StageTimes.ts"

const Positive = Schema.Finite.check(Schema.isGreaterThan(0))
const Share = Schema.NullOr(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })))

/** What `bench` prints as one JSON object. Times are medians over the measured steps. */
export const BenchReport = Schema.Struct({
  /** What was measured. */
  workload: Schema.Struct({
    encoder: EncoderSettings,
    imageSize: Schema.Int,
    channels: Schema.Int,
    batchSize: Schema.Int,
    numNegatives: Schema.Int,
    augment: Schema.Boolean
  }),
  /** Images of a batch by the median step; each is seen in two views. */
  imagesPerSecond: Positive,
  stepMs: Schema.Struct({ median: Positive, min: Positive, max: Positive }),
  /** Milliseconds by stage; `rest` is what is none. Medians do not add up exactly. */
  stages: Schema.Record(Schema.Literals([...stages, "rest"]), Schema.Finite),
  /** Steps that were measured. */
  numSteps: Schema.Int,
  /** The largest memory of the process until the last measured step. */
  peakRssMiB: Positive,
  /** GFLOP/s by the median step, see `stepFlops`. */
  gflops: Positive,
  machine: Schema.Struct({
    cpu: Schema.String,
    cores: Schema.Int,
    threads: Schema.Int,
    matmulGflops: Positive,
    memoryGBs: Positive
  }),
  /** Part of the machine, 0 to 1 (all cores), that other processes used before, during and after the measured steps. */
  load: Schema.Struct({ before: Share, during: Share, after: Share }),
  /** Whether others used so much that the figures are not the program's alone. */
  spoiled: Schema.Boolean,
  backend: Schema.Struct({
    name: Schema.String,
    version: Schema.String,
    device: Schema.String,
    /** The build of the project's own ops, where they are loaded. */
    nativeOps: Schema.NullOr(Schema.String)
  })
})
export type BenchReport = typeof BenchReport.Type

/** The middle value, or the mean of the two in the middle; of at least one value. */
export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

const encode = Schema.encodeSync(BenchReport)

/** The report as one line of JSON, its numbers to six digits. */
export const reportText = (report: BenchReport): string =>
  JSON.stringify(encode(report), (_, value) =>
    typeof value === "number" ? Number(value.toPrecision(6)) : value
  )
