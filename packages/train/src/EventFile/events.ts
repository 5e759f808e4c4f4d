import { bytes, concat, double, doubles, type Fields, float, integer, message, text } from "./protobuf.ts"

/** When something was, in milliseconds since 1970, and the run's step that it belongs to. */
export interface Moment {
  readonly time: number
  readonly step: number
}

/** A number under a name; what stands before the first `/` is the group that it is shown in. */
export interface Scalar {
  readonly tag: string
  readonly value: number
  /** What is shown in the tag's place, and a sentence about it; taken from the first value of a tag alone. */
  readonly about?: { readonly title: string; readonly description: string } | undefined
}

/** How often numbers fell into bins of one width between `low` and `high`. */
export interface Histogram {
  readonly low: number
  readonly high: number
  /** By bin; at least one. */
  readonly counts: ReadonlyArray<number>
}

/** An image as a PNG, with its size in pixels. */
export interface Picture {
  readonly png: Uint8Array
  readonly width: number
  readonly height: number
}

/**
 * Messages of TensorFlow's `event.proto` and `summary.proto` (field numbers: `tensorflow/core/util/event.proto`,
 * `framework/summary.proto`), as far as a run has something to tell by them.
 */
const event = ({ step, time }: Moment, ...fields: ReadonlyArray<Fields>): Fields =>
  concat([double(1, time / 1000), ...(step === 0 ? [] : [integer(2, step)]), ...fields])

const summary = (...values: ReadonlyArray<Fields>): Fields =>
  message(5, ...values.map((value) => message(1, value)))

/** The first event of a file. With this version TensorBoard goes by {@link restartEvent} for what is out of date. */
export const versionEvent = (time: number): Fields => event({ time, step: 0 }, text(3, "brain.Event:2"))

/** Says that the run goes on at a step: whatever was told of this step and later ones is out of date. */
export const restartEvent = (moment: Moment): Fields => event(moment, message(7, integer(1, 1)))

/** Numbers of one step. */
export const scalarsEvent = (moment: Moment, scalars: ReadonlyArray<Scalar>): Fields =>
  event(moment, summary(...scalars.map(scalarValue)))

/** `DATA_CLASS_SCALAR`; without it, TensorBoard's data server takes what is said of a number for nobody's. */
const scalarClass = 1

const scalarValue = ({ about, tag, value }: Scalar): Fields =>
  concat([
    text(1, tag),
    float(2, value),
    ...(about === undefined
      ? []
      : [
          message(
            9,
            message(1, text(1, "scalars")),
            text(2, about.title),
            text(3, about.description),
            integer(4, scalarClass)
          )
        ])
  ])

/** A histogram of one step. */
export const histogramEvent = (moment: Moment, tag: string, histogram: Histogram): Fields =>
  event(moment, summary(concat([text(1, tag), message(5, ...histogramFields(histogram))])))

/**
 * The buckets by their right edges. What is known of the numbers themselves is the edges of the bins they lie in: so the
 * smallest and the largest are the outer edges of the outermost bins that hold any (TensorBoard draws these bins from there),
 * and the sums are those of as many numbers in the middle of their bins.
 */
const histogramFields = ({ counts, high, low }: Histogram): ReadonlyArray<Fields> => {
  const edge = (bin: number) => (bin === counts.length ? high : low + ((high - low) * bin) / counts.length)
  const filled = counts.flatMap((count, bin) => (count > 0 ? [bin] : []))
  const sumOf = (term: (centre: number) => number) =>
    counts.reduce((sum, count, bin) => sum + count * term((edge(bin) + edge(bin + 1)) / 2), 0)
  return [
    double(1, edge(filled[0] ?? 0)),
    double(2, edge((filled.at(-1) ?? counts.length - 1) + 1)),
    double(
      3,
      sumOf(() => 1)
    ),
    double(
      4,
      sumOf((centre) => centre)
    ),
    double(
      5,
      sumOf((centre) => centre ** 2)
    ),
    doubles(
      6,
      counts.map((_, bin) => edge(bin + 1))
    ),
    doubles(7, counts)
  ]
}

/** An image of one step. */
export const imageEvent = (moment: Moment, tag: string, { height, png, width }: Picture): Fields => {
  const image = message(4, integer(1, height), integer(2, width), bytes(4, png))
  return event(moment, summary(concat([text(1, tag), image])))
}
