import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer, Schema } from "effect"
import * as CounterRandom from "../CounterRandom.ts"
import {
  Dictionary,
  type DictionaryMemory,
  type DictionarySnapshot,
  type DictionaryStep,
  type PreparedStep
} from "../Dictionary.ts"
import { QueryEncoder } from "../Encoder.ts"
import { l2Normalize } from "../internal/l2Normalize.ts"
import { randomUnitRows } from "../internal/randomUnitRows.ts"
import { scatterRows } from "../internal/scatterRows.ts"
import { belowOne, dictionarySize } from "../Setting.ts"
import * as Snapshot from "../Snapshot.ts"
import * as Stage from "../Stage.ts"
import * as Tensor from "../Tensor.ts"
import { drawNegatives, negativesOf } from "./MemoryBank/negatives.ts"

/** What a config says of the memory bank. */
export const Settings = Schema.Struct({
  kind: Schema.Literal("memoryBank"),
  size: dictionarySize.annotate({
    description: "negatives that a step draws from the bank, K",
    unit: "keys"
  }),
  entryMomentum: belowOne.annotate({
    description: "part of an image's entry that is kept when it is seen again; 0.5 in the literature",
    unit: "unitless"
  }),
  redrawOwn: Schema.Boolean.annotate({
    description: "draw a negative again that is the query's own entry"
  })
})

/** What a bank holds in memory: an entry an image, and the next bank beside the old; no key encoder. */
export const memoryOf = (
  { size }: Pick<typeof Settings.Type, "size">,
  numImages: number
): DictionaryMemory => ({
  encoderCopies: 2,
  rows: [
    { setting: "encoder.featureSize", what: "entries", count: numImages, times: 2 },
    { setting: "dictionary.size", what: "negatives", count: size, times: 1 }
  ]
})

/** Settings of the memory bank. */
export interface MemoryBankSettings {
  /** K, the number of negatives that a step draws from the bank. */
  readonly size: number
  /** Images of the training set, each of which has an entry. */
  readonly numImages: number
  /** Part of an entry that is kept when its image is seen again: 0.5 in Wu et al. 2018. */
  readonly entryMomentum: number
  /** Whether a negative that is the query's own entry is drawn again. */
  readonly redrawOwn: boolean
  readonly seed: number
}

/**
 * The memory bank of Wu et al. 2018, as He et al. 2020 compare with it: one entry for every training image.
 *
 * A query's key is its image's own entry, which is as old as the last epoch; negatives are K entries drawn uniformly
 * with replacement, the same for the whole batch as the queue's are. After the loss an entry becomes
 * `normalise(entryMomentum * old + (1 - entryMomentum) * new)`; with a symmetric loss `new` is the mean of both views.
 * There is no key encoder. The bank starts with random unit rows.
 */
export const layer = ({ entryMomentum, numImages, redrawOwn, seed, size }: MemoryBankSettings) =>
  Layer.effect(
    Dictionary,
    Effect.gen(function* () {
      yield* Stage.check(
        "MemoryBank",
        Stage.count("size", size, "negatives that a step draws from the bank, K"),
        Stage.count("numImages", numImages, "images of the training set, each of which has an entry"),
        Stage.setting(
          "entryMomentum",
          Settings.fields.entryMomentum,
          entryMomentum,
          "part of an entry that is kept: 0.5 is usual"
        ),
        Stage.seed(seed)
      )
      const { network } = yield* QueryEncoder
      const noise = () => ({
        bank: randomUnitRows(
          CounterRandom.make(seed, CounterRandom.Purpose.bankInit),
          numImages,
          network.featureSize
        ),
        seen: tf.zeros([numImages])
      })
      const cell = yield* Tensor.cell("MemoryBank.init", noise)
      const bank_MD = () => cell.get()["bank"] as tf.Tensor2D
      let numSeen = 0

      const prepare = ({ directions, indices, step }: DictionaryStep, lease: Tensor.Lease): PreparedStep => {
        const current_MD = bank_MD()
        requireEntries(indices, numImages)
        const indices_N = lease.keep(tf.tensor1d(indices, "int32"))
        const own_ND = lease.keep(tf.gather(current_MD, indices_N))
        const drawn = directions.map((_, direction) =>
          drawNegatives(current_MD, { size, redrawOwn, seed, step, direction, indices }, lease.keep)
        )
        return {
          similarities: (query_ND, direction) => ({
            positive_N1: tf.sum(tf.mul(query_ND, own_ND), 1, true),
            negatives: negativesOf(query_ND, drawn[direction]!)
          }),
          settle: ({ queries_ND }) => {
            const new_ND = tf.mul(tf.addN([...queries_ND]), (1 - entryMomentum) / queries_ND.length)
            const entry_ND = lease.keep(l2Normalize(tf.add(tf.mul(own_ND, entryMomentum), new_ND)))
            const rows_N1 = tf.reshape(indices_N, [-1, 1])
            const bank = lease.keep(scatterRows(current_MD, rows_N1, entry_ND))
            const one_N = lease.keep(tf.ones([indices.length]))
            const seen = lease.keep(scatterRows(cell.get()["seen"]!, rows_N1, one_N))
            const nextSeen = tf.sum(seen).dataSync()[0]!
            return {
              entering: { bank: entry_ND, seen: one_N },
              commit: () => {
                cell.replace(lease.handOver({ bank, seen }))
                numSeen = nextSeen
              }
            }
          }
        }
      }

      return Dictionary.of({
        prepare,
        trained: () => ({}),
        numNegatives: size,
        fill: () => numSeen / numImages,
        encoderDistance: () => undefined,
        snapshot: () => ({ tensors: cell.get(), counters: { numSeen } }),
        initial: () => ({ tensors: noise(), counters: { numSeen: 0 } }),
        restore: Effect.fnUntraced(function* ({ counters, tensors }: DictionarySnapshot) {
          const operation = "MemoryBank.restore"
          const counted = yield* Snapshot.counters(operation, { numSeen: numImages }, counters)
          const inRange = Effect.andThen(
            Snapshot.requireUnitRows(operation, "bank", tensors),
            requireSeen(operation, tensors, counted.numSeen)
          )
          cell.replace(yield* Tensor.copiesLike(operation, cell.get(), tensors, inRange))
          numSeen = counted.numSeen
        })
      })
    })
  )

/** An index without an entry would be gathered as another image's, or as zeros: libraries differ in it. */
const requireEntries = (indices: Int32Array, numImages: number): void => {
  const foreign = indices.find((index) => !(index >= 0 && index < numImages))
  if (foreign === undefined) return
  throw new RangeError(`image ${foreign} has no entry: the bank was made for ${numImages} images`)
}

/** Refuses marks that are neither 0 nor 1, and as many as were not counted. */
const requireSeen = (operation: string, { seen }: Tensor.NamedTensors, numSeen: number) =>
  Effect.flatMap(
    Tensor.run(operation, () => seen!.dataSync()),
    (marks) => {
      const image = marks.findIndex((mark) => mark !== 0 && mark !== 1)
      const numMarks = marks.filter((mark) => mark === 1).length
      if (image >= 0)
        return Snapshot.refuse(operation, `seen holds ${marks[image]} for image ${image}, not 0 or 1`)
      const problem = `its counter numSeen is ${numSeen}, and seen marks ${numMarks} images`
      return Snapshot.refuse(operation, numMarks === numSeen ? undefined : problem)
    }
  )
