import { assert, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { Backend } from "../../Backend.ts"
import { Dictionary } from "../../Dictionary.ts"
import { QueryEncoder } from "../../Encoder.ts"
import { nonFinite } from "../../Finite.ts"
import * as Tensor from "../../Tensor.ts"
import * as TensorLeak from "../TensorLeak.ts"
import { batchSize, step } from "./dictionaryStep.ts"

/** A dictionary with the encoder whose features are its queries. */
export type DictionaryLayer<E> = Layer.Layer<Dictionary | QueryEncoder, E, Backend>

const stateOf = Effect.map(Dictionary, ({ snapshot }) => {
  const { counters, tensors } = snapshot()
  const values = Object.entries(tensors).map(([name, tensor]) => [name, String(tensor.dataSync())])
  return JSON.stringify({ counters, values })
})

/** Names of the tensors that are not what they were, and of those that hold what is no number. */
const snapshotNames = Effect.map(Dictionary, ({ snapshot }) => {
  const before = Object.entries(snapshot().tensors).map(([name, tensor]) => [name, String(tensor.dataSync())])
  const valuesBefore = Object.fromEntries(before)
  return () => {
    const { tensors } = snapshot()
    return {
      changed: Object.keys(tensors).filter(
        (name) => String(tensors[name]!.dataSync()) !== valuesBefore[name]
      ),
      nonFinite: nonFinite(tensors)
    }
  }
})

const readAll =
  ({ snapshot }: Dictionary["Service"]) =>
  () => {
    const { counters, tensors } = snapshot()
    return { counters, values: Object.values(tensors).flatMap((tensor) => Array.from(tensor.dataSync())) }
  }

/**
 * What every mechanism has in common; a variant joins by one line.
 *
 * @param size  pixels of a view, as the variant's encoders expect them
 */
export const dictionaryLaws = <E>(variant: DictionaryLayer<E>, size: number) => {
  const law = <E2>(title: string, test: Effect.Effect<void, E2, Dictionary | QueryEncoder>) =>
    it.effect(title, () =>
      test.pipe(Effect.provide(Layer.provideMerge(variant, Backend.layerTensorflow({ threads: 2 }))))
    )

  for (const numDirections of [1, 2]) {
    law(
      `gives cosines: one positive and numNegatives negatives for each query, in ${numDirections} direction(s)`,
      Effect.gen(function* () {
        const { numNegatives } = yield* Dictionary
        const { directions } = yield* step(0, size, false, { numDirections })
        assert.strictEqual(directions.length, numDirections)
        for (const { negatives, positives, shape } of directions) {
          assert.deepStrictEqual(shape, [batchSize, numNegatives])
          assert.strictEqual(positives.length, batchSize)
          // A product of unit rows rounds to at most 1 + 1e-6.
          for (const cosine of [...positives, ...negatives]) assert.isAtMost(Math.abs(cosine), 1 + 1e-6)
        }
      })
    )

    law(
      `holds as many tensors after a commit as before it, in ${numDirections} direction(s)`,
      Effect.gen(function* () {
        yield* step(0, size, true, { numDirections })
        yield* TensorLeak.check(step(1, size, true, { numDirections }))
      })
    )

    law(
      `says before a commit which tensors it changes, in ${numDirections} direction(s)`,
      Effect.gen(function* () {
        const namesSince = yield* snapshotNames
        const { enters } = yield* step(0, size, true, { numDirections })
        assert.includeMembers(enters.names, namesSince().changed)
        assert.deepStrictEqual(enters.nonFinite, [])
      })
    )

    for (const view of ["first", "second"] as const)
      law(
        `shows before a commit what of its next state is no number, in ${numDirections} direction(s) from the ${view} view`,
        Effect.gen(function* () {
          for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
            const namesSince = yield* snapshotNames
            const { enters } = yield* step(0, size, true, { numDirections, poison: { view, value } })
            assert.includeMembers([...enters.nonFinite], [...namesSince().nonFinite])
          }
        })
      )
  }

  it.effect("releases all that it holds when its scope ends, by success, failure and interruption", () =>
    TensorLeak.checkEveryExit(
      Effect.flatMap(Layer.build(variant), (context) =>
        Effect.provideContext(step(0, size, true, { numDirections: 2 }), context)
      )
    ).pipe(Effect.provide(Backend.layerTensorflow({ threads: 2 })))
  )

  law(
    "changes nothing without a commit, and releases all that was prepared and settled",
    Effect.gen(function* () {
      yield* step(0, size, true)
      const before = yield* stateOf
      yield* TensorLeak.check(step(1, size, false))
      assert.strictEqual(yield* stateOf, before)
    })
  )

  law(
    "changes with a commit: a step leaves something behind",
    Effect.gen(function* () {
      const before = yield* stateOf
      yield* step(0, size, true)
      assert.notStrictEqual(yield* stateOf, before)
    })
  )

  law(
    "always continues from a snapshot as if nothing had happened, to the bit",
    Effect.gen(function* () {
      const dictionary = yield* Dictionary
      yield* step(0, size, true)
      yield* step(1, size, true)
      const taken = dictionary.snapshot()
      const copy = yield* Tensor.scoped("law", () => ({ ...Tensor.clone(taken.tensors) }))
      const { counters } = taken
      const after = Effect.andThen(step(2, size, true), Effect.sync(readAll(dictionary)))
      const first = yield* after
      yield* TensorLeak.check(dictionary.restore({ tensors: copy, counters }))
      const second = yield* after
      assert.deepStrictEqual(second, first)
      for (const tensor of Object.values(copy)) assert.isFalse(tensor.isDisposed)
    }).pipe(Effect.scoped)
  )

  law(
    "makes the state that it began with anew, to the bit",
    Effect.gen(function* () {
      const dictionary = yield* Dictionary
      const began = readAll(dictionary)()
      yield* step(0, size, true)
      yield* step(1, size, true)
      assert.notDeepEqual(readAll(dictionary)(), began)
      const again = Effect.gen(function* () {
        const { counters, tensors } = yield* Tensor.run("law", dictionary.initial)
        yield* dictionary.restore({ tensors, counters })
        tf.dispose(Object.values(tensors))
      })
      yield* TensorLeak.check(again)
      assert.deepStrictEqual(readAll(dictionary)(), began)
    })
  )

  law(
    "refuses a snapshot that lacks a tensor or has another shape, names it, and stays as it is",
    Effect.gen(function* () {
      const { restore, snapshot } = yield* Dictionary
      const { counters, tensors } = snapshot()
      const before = yield* stateOf
      const name = Object.keys(tensors)[0]!
      const { [name]: _, ...rest } = tensors
      const other = yield* Tensor.scoped("law", () => tf.zeros([7, 7, 7]))
      for (const wrong of [rest, { ...tensors, [name]: other }, { ...tensors, foreign: other }]) {
        const error = yield* Effect.flip(TensorLeak.check(restore({ tensors: wrong, counters })))
        assert.strictEqual(error._tag, "SnapshotMismatch")
        assert.match(error.message, new RegExp(`${name}|foreign`))
      }
      assert.strictEqual(yield* stateOf, before)
    }).pipe(Effect.scoped)
  )

  law(
    "refuses a snapshot whose counters lack one, have a foreign one or count what cannot be, and stays as it is",
    Effect.gen(function* () {
      const { restore, snapshot } = yield* Dictionary
      const { counters, tensors } = snapshot()
      const before = yield* stateOf
      const wrong = Object.keys(counters).flatMap(
        (name): ReadonlyArray<readonly [string, typeof counters]> => {
          const { [name]: _, ...rest } = counters
          const values = [-1, 1.5, 1e12, Number.NaN].map(
            (value) => [name, { ...counters, [name]: value }] as const
          )
          return [[name, rest], ...values]
        }
      )
      for (const [name, changed] of [...wrong, ["foreign", { ...counters, foreign: 0 }] as const]) {
        const error = yield* Effect.flip(TensorLeak.check(restore({ tensors, counters: changed })))
        assert.strictEqual(error._tag, "SnapshotMismatch")
        assert.include(error.message, name)
      }
      assert.strictEqual(yield* stateOf, before)
    })
  )

  law(
    "refuses a snapshot with a tensor of another type, names it, and stays as it is",
    Effect.gen(function* () {
      const { restore, snapshot } = yield* Dictionary
      const { counters, tensors } = snapshot()
      const before = yield* stateOf
      for (const [name, { shape }] of Object.entries(tensors)) {
        const integers = yield* Tensor.scoped("law", () => tf.zeros(shape, "int32"))
        const wrong = { tensors: { ...tensors, [name]: integers }, counters }
        const error = yield* Effect.flip(TensorLeak.check(restore(wrong)))
        assert.strictEqual(error._tag, "SnapshotMismatch")
        assert.include(error.message, `${name} is of type int32 and should be float32`)
      }
      assert.strictEqual(yield* stateOf, before)
    }).pipe(Effect.scoped)
  )

  law(
    "trains nothing under a name of the query encoder's",
    Effect.gen(function* () {
      const { trained } = yield* Dictionary
      const query = yield* QueryEncoder
      const names = new Set(Object.keys(query.parameters.get()))
      assert.deepStrictEqual(
        Object.keys(trained()).filter((name) => names.has(name)),
        []
      )
    })
  )

  law(
    "is never fuller than full, and never empties",
    Effect.gen(function* () {
      const { fill } = yield* Dictionary
      let before = fill()
      for (let index = 0; index < 6; index++) {
        yield* step(index, size, true)
        assert.isTrue(fill() >= before && fill() <= 1)
        before = fill()
      }
      assert.isAbove(before, 0)
    })
  )
}
