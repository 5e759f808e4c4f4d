import { decode as decodeSafetensors, encode } from "@moco/core/Safetensors"
import { decode as decodeIdx, inflate } from "@moco/data/Idx"
import { encodeTrial, readTrials } from "@moco/study/StudyRecord"
import { decodeManifest, encodeManifest, sign } from "@moco/train/Checkpoint/manifest"
import * as RunLog from "@moco/train/RunLog"
import { fashionMnistQuick } from "@moco/train/recipes/fashionMnistQuick"
import { sampleManifest } from "@moco/train/testing"
import { dataParsers } from "./dataParsers.ts"
import { inMemory, readConfig } from "./files.ts"
import { mutateBytes, mutateJson } from "./mutate.ts"
import type { Parser } from "./Parser.ts"
import { records, trials } from "./samples.ts"

const write = (text: string) => new TextEncoder().encode(text)
const read = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/** Changes bytes in half of the cases, and in half one of the lines as the JSON that it is. */
const mutateLines: Parser["mutate"] = (random, input) => {
  if (random.below(2) === 0) return mutateBytes(random, input)
  const lines = read(input).split("\n")
  const at = random.below(lines.length)
  // The end of the last line, or a torn one.
  if (lines[at]!.at(-1) === "}") lines[at] = mutateJson(random, lines[at]!)
  return write(lines.join("\n"))
}

/** Signs what it has changed anew in half of the cases: an unsigned change is noticed before the schema is asked. */
const mutateManifest: Parser["mutate"] = (random, input) => {
  if (random.below(2) === 0) return mutateBytes(random, input)
  const json = read(input.subarray(0, input.indexOf(0x0a)))
  const changed = read(mutateLines(random, write(json))).replaceAll("\n", " ")
  return write(sign(changed))
}

const idx = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8)
const gzip = Uint8Array.of(
  ...[31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 75, 76, 74, 6, 0, 194, 65, 36, 53, 3, 0, 0, 0]
)
const config = fashionMnistQuick()
const manifest = {
  ...sampleManifest(config, 7),
  parts: [{ name: "a.safetensors", bytes: 10, sha256: "0".repeat(64) }]
}
const lines = (values: ReadonlyArray<string>) => write(values.map((value) => `${value}\n`).join(""))
/** Each line is twice the one before: few bytes for much. */
const doubling = Array.from({ length: 22 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i},*a${i}]\n`)

const known: ReadonlyArray<Parser> = [
  { name: "idx", inputs: [idx], mutate: mutateBytes, parse: (bytes) => decodeIdx(bytes, "fuzz") },
  {
    name: "gzip",
    inputs: [gzip],
    mutate: mutateBytes,
    parse: (bytes) => inflate(bytes, { file: "fuzz", maxBytes: 1 << 16 })
  },
  {
    name: "safetensors",
    inputs: [
      encode({ a: { dtype: "F32", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) } }),
      encode({ b: { dtype: "I64", shape: [], data: BigInt64Array.of(5n) } }, { format: "pt" })
    ],
    mutate: mutateBytes,
    parse: decodeSafetensors
  },
  {
    name: "config",
    inputs: [write(JSON.stringify(config))],
    mutate: mutateLines,
    parse: (bytes) => readConfig("fuzz.json", bytes)
  },
  {
    name: "yaml",
    inputs: [
      write("loss: { temperature: 0.1 }\nencoder:\n  layers: [1, 1]\n  width: 16\n"),
      write("loss: &a { temperature: 0.2 }\nencoder:\n  width: &b 16\n  featureSize: *b\n"),
      write("loss: &a\n  kind: infoNce\nmomentum:\n  <<: *a\n  kind: ema\n  m: 0.5\n"),
      write(`a0: &a0 x\n${doubling.join("")}encoder: *a22\n`)
    ],
    mutate: mutateBytes,
    parse: (bytes) => readConfig("fuzz.yaml", bytes)
  },
  {
    name: "manifest",
    inputs: [write(encodeManifest(manifest))],
    mutate: mutateManifest,
    parse: (bytes) => decodeManifest(read(bytes))
  },
  {
    name: "runLog",
    inputs: [lines(records.map((record) => JSON.stringify(record)))],
    mutate: mutateLines,
    parse: (bytes) => inMemory(bytes, RunLog.read("metrics.jsonl"))
  },
  {
    name: "trials",
    inputs: [lines(trials.map((trial) => encodeTrial(trial)))],
    mutate: mutateLines,
    parse: (bytes) => inMemory(bytes, readTrials("trials.jsonl"))
  }
]

/** New ones behind the others: an input is a function of its parser's place. */
export const parsers: ReadonlyArray<Parser> = [...known, ...dataParsers]
