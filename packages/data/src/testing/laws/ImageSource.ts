import { assert, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { Property, TensorLeak } from "@moco/core/testing"
import { Effect, Fiber, type Scope } from "effect"
import fc from "fast-check"
import { sourceFaults } from "../../ImageSource/faults.ts"
import { type ImageSource, sizeOf } from "../../ImageSource.ts"

/** A few places of a source's images, in any order, the same more than once. */
const indicesIn = ({ numImages }: ImageSource) =>
  fc.array(fc.nat(numImages - 1), { maxLength: 12 }).map((indices) => Int32Array.from(indices))

const backend = Backend.layerTensorflow({ threads: 2 })

/** What every source of images has in common; one joins by one line. */
export const imageSourceLaws = <E>(open: Effect.Effect<ImageSource, E, Scope.Scope | Backend>) => {
  it.effect(
    "says how many images there are, of what size and form, and of which classes, before any is read",
    () =>
      Effect.gen(function* () {
        const source = yield* open
        assert.deepStrictEqual([...sourceFaults(source)], [])
        assert.isNotEmpty(source.provenance.name)
        const { classes, labels, numImages } = source
        if (labels !== undefined) {
          assert.strictEqual(labels.length, numImages)
          assert.isAtLeast(Math.min(...labels), 0)
          assert.isBelow(Math.max(...labels), classes!.length)
        }
        yield* Property.check(fc.nat(numImages - 1), (index) =>
          Effect.sync(() => {
            const size = sizeOf(source, index)
            for (const side of [size?.height ?? 1, size?.width ?? 1]) {
              assert.isTrue(Number.isInteger(side) && side >= 1)
            }
          })
        )
      }).pipe(Effect.provide(backend))
  )

  it.effect(
    "always gives images in the order asked for, each as if it were read alone, of the size it says",
    () =>
      Effect.gen(function* () {
        const source = yield* open
        yield* TensorLeak.check(
          Property.check(indicesIn(source), (indices) =>
            Effect.gen(function* () {
              const together = yield* source.read(indices)
              const alone = yield* Effect.forEach(indices, (index) => source.read(Int32Array.of(index)))
              assert.deepStrictEqual(together, alone.flat())
              assert.strictEqual(together.length, indices.length)
              for (const [row, { height, pixels_HWC, width }] of together.entries()) {
                assert.deepStrictEqual(
                  { height, width },
                  pick(sizeOf(source, indices[row]!) ?? { height, width })
                )
                assert.strictEqual(pixels_HWC.length, height * width * source.channels)
              }
            })
          )
        )
      }).pipe(Effect.provide(backend))
  )

  it.effect("refuses an image that it does not have, among others that it has", () =>
    Effect.gen(function* () {
      const source = yield* open
      for (const index of [-1, source.numImages, 2 ** 31 - 1, -(2 ** 31)]) {
        const error = yield* Effect.flip(source.read(Int32Array.of(0, index)))
        if (error._tag !== "ImageIndexInvalid") return assert.fail(error.message)
        assert.deepInclude(error, { index, numImages: source.numImages })
        assert.include(error.message, `image ${index} of ${source.provenance.name} was asked for`)
      }
    }).pipe(Effect.provide(backend))
  )

  it.effect("gives the same images after a reading that was given up", () =>
    Effect.gen(function* () {
      const source = yield* open
      const indices = Int32Array.of(source.numImages - 1, 0)
      const before = yield* source.read(indices)
      const reading = yield* Effect.forkChild(source.read(indices))
      yield* Fiber.interrupt(reading)
      assert.deepStrictEqual(yield* source.read(indices), before)
    }).pipe(Effect.provide(backend))
  )
}

const pick = ({ height, width }: { readonly height: number; readonly width: number }) => ({ height, width })
