import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { replay } from "@moco/train/Parity"
import { Effect, FileSystem, Layer } from "effect"

const fixture = (name: string) => new URL(`parity/${name}`, import.meta.url).pathname
const tensorflow = Layer.merge(Backend.layerTensorflow({ threads: 2 }), NodeServices.layer)

// What decides agrees within 5e-6, on processors with AVX2 and with AVX-512, by the own ops and by TensorFlow's; other
// builds of libtensorflow may round otherwise.
describe("Parity", () => {
  for (const name of ["plain", "split", "symmetric", "bottleneck"]) {
    it.effect(`repeats the recorded PyTorch run "${name}" within 1e-4`, () =>
      Effect.gen(function* () {
        const report = yield* replay(fixture(name), 1e-4)
        assert.isTrue(report.ok, JSON.stringify(report))
        // These runs are short and gentle enough that weights and moments agree as well.
        assert.isAtMost(Math.max(report.encoder_q, report.encoder_k, report.momentum), 1e-4)
      }).pipe(Effect.provide(tensorflow))
    )
  }

  it.effect("repeats the recorded run without a native library", () =>
    Effect.gen(function* () {
      const report = yield* replay(fixture("plain"), 1e-4)
      assert.isTrue(report.ok, JSON.stringify(report))
    }).pipe(Effect.provide(Layer.merge(Backend.layerCpu, NodeServices.layer)))
  )

  it.effect("is not ok when a recorded value is another one", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const dir = yield* fs.makeTempDirectoryScoped()
      yield* fs.copy(fixture("plain"), dir, { overwrite: true })
      const file = `${dir}/expected.safetensors`
      const bytes = yield* fs.readFile(file)
      // The last value of the file belongs to the last tensor by name, a query of step 5.
      bytes[bytes.length - 1]! ^= 0x40
      yield* fs.writeFile(file, bytes)
      const report = yield* replay(dir, 1e-4)
      assert.isFalse(report.ok)
    }).pipe(Effect.provide(tensorflow))
  )

  it.effect("names the file that a fixture folder lacks", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(replay("nowhere", 1e-4))
      assert.strictEqual(error._tag, "FixtureUnusable")
      assert.include(error.message, "fixture.json")
    }).pipe(Effect.provide(tensorflow))
  )
})
