import { fashionMnistQuick } from "@moco/cli/recipes/fashionMnistQuick"
import type * as CounterRandom from "@moco/core/CounterRandom"
import { decode as decodeSafetensors, encode } from "@moco/core/Safetensors"
import { decode as decodeIdx, inflate } from "@moco/data/Idx"
import { decodeManifest, encodeManifest } from "@moco/train/Checkpoint/manifest"
import { decode as decodeConfig } from "@moco/train/RunConfig"
import { RunRecord } from "@moco/train/RunLog/RunEvent"
import { Effect, Exit, Schema } from "effect"
import * as Yaml from "effect/encoding/Yaml"
import { between, randomOf } from "./random.ts"
import type { Effort, Verdict } from "./Section.ts"

/** A parser, whole inputs that it accepts, and how it is asked. */
interface Parser {
  readonly name: string
  readonly inputs: ReadonlyArray<Uint8Array>
  readonly parse: (bytes: Uint8Array) => Effect.Effect<unknown, unknown>
}

const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
const read = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/** A parse that throws ordinary errors, as JSON.parse does, for its caller to catch. */
const attempt = (parse: () => unknown) => Effect.try({ try: parse, catch: (cause) => cause })

const config = fashionMnistQuick()
const manifest = {
  format: 1 as const,
  savedAt: "2026-01-01T00:00:00.000Z",
  config,
  fingerprint: {
    backend: "tensorflow",
    version: "2.21.0",
    device: "cpu",
    threads: 2,
    oneDnn: "",
    cpuFeatures: [],
    node: "v22"
  },
  progress: {
    step: 7,
    trainingSeconds: 1,
    evaluationSeconds: 1,
    logPosition: 100,
    evaluations: {},
    evaluatedAt: 0,
    rateFactor: 1
  },
  counters: { pointer: 3 },
  parts: [{ name: "query.safetensors", bytes: 10, sha256: "00" }]
}

const idx = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8)

const parsers: ReadonlyArray<Parser> = [
  { name: "idx", inputs: [idx], parse: (bytes) => decodeIdx(bytes, "fuzz") },
  {
    name: "gzip",
    inputs: [Uint8Array.of(31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 75, 76, 74, 6, 0, 194, 65, 36, 53, 3, 0, 0, 0)],
    parse: (bytes) => inflate(bytes, { file: "fuzz", maxBytes: 1 << 16 })
  },
  {
    name: "safetensors",
    inputs: [
      encode({ a: { dtype: "F32", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) } }),
      encode({ b: { dtype: "I64", shape: [], data: BigInt64Array.of(5n) } }, { format: "pt" })
    ],
    parse: decodeSafetensors
  },
  {
    name: "config",
    inputs: [text(config)],
    parse: (bytes) =>
      Effect.flatMap(
        attempt(() => JSON.parse(read(bytes))),
        decodeConfig
      )
  },
  {
    name: "yaml",
    inputs: [
      new TextEncoder().encode("loss: { temperature: 0.1 }\nencoder:\n  layers: [1, 1]\n  width: 16\n")
    ],
    parse: (bytes) => attempt(() => Yaml.parse(read(bytes)))
  },
  {
    name: "manifest",
    inputs: [new TextEncoder().encode(encodeManifest(manifest))],
    parse: (bytes) => decodeManifest(read(bytes))
  },
  {
    name: "runLog",
    inputs: [
      text({ time: "t", event: "resumed", step: 3 }),
      text({
        time: "t",
        event: "evaluation",
        step: 1,
        epoch: 0,
        subject: "encoder",
        neighbours: [{ k: 20, accuracy: 0.5 }],
        seconds: 1
      })
    ],
    parse: (bytes) =>
      Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.toCodecJson(RunRecord)))(read(bytes))
  }
]

/** Milliseconds after which a parse counts as hanging. */
const hangMs = 100

/** Bytes that a parse may take beside ten times its input: what the runtime allocates in passing. */
const allowedBytes = 2 ** 20

/** Every parser takes hostile bytes: it accepts or refuses them in words, never by a defect, soon, in little memory. */
export const fuzz = Effect.fn("torture.fuzz")(function* ({ report, seed, short }: Effort) {
  const numInputs = short ? 2_000 : 1_000_000
  const problems: Array<string> = []
  const counts: Record<string, number> = {}
  for (const [i, { inputs, name, parse }] of parsers.entries()) {
    let accepted = 0
    for (let n = 0; n < numInputs; n++) {
      const random = randomOf(seed, 1000 + i, n)
      const input = mutate(random, inputs[random.below(inputs.length)]!)
      const exit = yield* Effect.exit(parse(input))
      if (Exit.isSuccess(exit)) accepted++
      else if (exit.cause.reasons.some(({ _tag }) => _tag === "Die")) {
        problems.push(`${name}: a defect on ${JSON.stringify(Array.from(input))}`)
      }
      if (
        (yield* isCostly(parse, input)) &&
        (yield* isCostly(parse, input)) &&
        (yield* isCostly(parse, input))
      ) {
        problems.push(`${name}: slow or large on ${JSON.stringify(Array.from(input))}`)
      }
      // Lets signals in.
      if (n % 1000 === 0) yield* Effect.yieldNow
    }
    counts[`${name}Accepted`] = accepted
    yield* report(`fuzz: ${name}, ${numInputs} inputs, ${accepted} accepted`)
  }
  const verdict: Verdict = {
    ok: problems.length === 0,
    counts: { inputsPerParser: numInputs, ...counts, problems: problems.slice(0, 10) }
  }
  return verdict
})

/** Whether a parse takes long or much. Once may be the garbage collector's or another process's doing, thrice is not. */
const isCostly = Effect.fnUntraced(function* (parse: Parser["parse"], input: Uint8Array) {
  const before = process.memoryUsage()
  const start = performance.now()
  yield* Effect.exit(parse(input))
  const ms = performance.now() - start
  const after = process.memoryUsage()
  const bytes = after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed
  return ms > hangMs || bytes > allowedBytes + 10 * input.length
})

/** One to four small changes: flips, insertions, deletions, repetitions, cuts, and numbers that lie about sizes. */
const mutate = (random: CounterRandom.CounterRandom, input: Uint8Array): Uint8Array => {
  let bytes = Array.from(input)
  for (let change = between(random, 1, 4); change > 0; change--) {
    const at = random.below(bytes.length + 1)
    switch (random.below(7)) {
      case 0:
        if (at < bytes.length) bytes[at]! ^= 1 << random.below(8)
        break
      case 1:
        bytes.splice(at, 0, random.below(256))
        break
      case 2:
        bytes.splice(at, between(random, 1, 8))
        break
      case 3:
        bytes.splice(at, 0, ...bytes.slice(at, at + between(random, 1, 16)))
        break
      case 4:
        bytes = bytes.slice(0, at)
        break
      case 5:
        bytes.splice(at, 4, 255, 255, 255, 127)
        break
      default:
        bytes.splice(at, 1, ...words[random.below(words.length)]!)
    }
  }
  return Uint8Array.from(bytes)
}

/** What parsers of text trip over. */
const words = [
  '"',
  "{",
  "[",
  "]]",
  "\\u0000",
  "1e999",
  "-0",
  "__proto__",
  "null",
  "\n",
  ": ",
  "99999999999999999999"
].map((word) => Array.from(new TextEncoder().encode(word)))
