import { Backend } from "@moco/core/Backend"
import * as Tensor from "@moco/core/Tensor"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, FileSystem } from "effect"
import { seconds } from "../internal/seconds.ts"
import { cpu } from "../RunFolder/cpu.ts"

/** What the machine can do at best, measured by the library that trains. */
interface Machine {
  /** Model of the processor. */
  readonly cpu: string
  readonly cores: number
  /** Threads inside an operation. */
  readonly threads: number
  /** GFLOP/s of the product of two square matrices, 1024 x 1024 (256 x 256 with the JavaScript kernels). */
  readonly matmulGflops: number
  /** GB/s (1e9 bytes) that are read and written when two arrays are added that no cache holds. */
  readonly memoryGBs: number
}

/** Measures it in about two seconds. What else runs on the machine makes it look slower. */
export const measureMachine = Effect.fn("Bench.measureMachine")(function* (threads: number) {
  const backend = yield* Backend
  const { cores, model } = yield* cpu
  const size = backend.name === "cpu" ? 256 : 1024
  const product = yield* fastest("Bench.matmul", [size, size], (a, b) =>
    tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D)
  )
  const length = (yield* arrayBytes(cores)) / 4
  const sum = yield* fastest("Bench.add", [length], (a, b) => tf.add(a, b))
  const machine: Machine = {
    cpu: model,
    cores,
    threads,
    matmulGflops: (2 * size ** 3) / product / 1e9,
    memoryGBs: (3 * 4 * length) / sum / 1e9
  }
  return machine
})

/** Repeats at most, and the seconds after which there are no more. */
const maxRepeats = 20
const enoughSeconds = 1

/** The least seconds that an operation on two tensors of ones takes. */
const fastest = Effect.fnUntraced(function* (
  operation: string,
  shape: ReadonlyArray<number>,
  compute: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor
) {
  const ones = Tensor.scoped(operation, () => tf.fill([...shape], 1))
  const a = yield* ones
  const b = yield* ones
  const first = shape.map(() => 0)
  const one = shape.map(() => 1)
  const once = Effect.gen(function* () {
    const start = yield* seconds
    // A GPU has finished when a number of the result is there.
    yield* Tensor.run(operation, () => tf.slice(compute(a, b), first, one).dataSync())
    return (yield* seconds) - start
  })
  const begun = yield* seconds
  // The first one loads the code and the memory.
  yield* once
  let least = yield* once
  for (let repeat = 1; repeat < maxRepeats && (yield* seconds) - begun < enoughSeconds; repeat++) {
    yield* Effect.yieldNow
    least = Math.min(least, yield* once)
  }
  return least
}, Effect.scoped)

/** Twice what all third-level caches hold together, where that is known; between 64 and 512 MiB. */
const arrayBytes = Effect.fnUntraced(function* (cores: number) {
  const fileSystem = yield* FileSystem.FileSystem
  const folder = "/sys/devices/system/cpu/cpu0/cache/index3"
  const read = (name: string) =>
    Effect.orElseSucceed(fileSystem.readFileString(`${folder}/${name}`), () => "")
  const caches = cacheBytes(yield* read("size"), yield* read("shared_cpu_list"), cores)
  return Math.min(2 ** 29, Math.max(2 ** 26, 2 * caches))
})

/**
 * Bytes of all caches of one level.
 *
 * @param size  of one of them, e.g. `32768K`;  @param sharers  the processors that share it, e.g. `0-3,8`
 */
export const cacheBytes = (size: string, sharers: string, cores: number): number => {
  const [, digits, unit = ""] = /^(\d+)([KM]?)/.exec(size) ?? []
  const numSharers = [...sharers.matchAll(/(\d+)(?:-(\d+))?/g)].reduce(
    (count, [, first, last = first]) => count + Number(last) - Number(first) + 1,
    0
  )
  const bytes = Number(digits ?? 0) * ({ K: 2 ** 10, M: 2 ** 20 }[unit] ?? 1)
  return bytes * Math.max(1, Math.ceil(cores / Math.max(1, numSharers)))
}
