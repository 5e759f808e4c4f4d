import { describe } from "@effect/vitest"
import * as EndToEnd from "@moco/core/Dictionary/EndToEnd"
import * as MemoryBank from "@moco/core/Dictionary/MemoryBank"
import * as Queue from "@moco/core/Dictionary/Queue"
import { KeyEncoder, QueryEncoder } from "@moco/core/Encoder"
import { KeyShuffle } from "@moco/core/KeyShuffle"
import { MomentumUpdate } from "@moco/core/MomentumUpdate"
import {
  dictionaryBatchSize as batchSize,
  dictionaryLaws,
  LinearNetwork,
  dictionaryNumImages as numImages
} from "@moco/core/testing"
import { Layer } from "effect"

const featureSize = 2
const bank = { numImages, entryMomentum: 0.5, redrawOwn: false, seed: 1 }

/** Every mechanism joins by one line. */
const variants = [
  ["queue of 1", Queue.layer({ size: 1, seed: 1 })],
  ["queue of 3", Queue.layer({ size: 3, seed: 1 })],
  ["queue of 7", Queue.layer({ size: 7, seed: 1 })],
  ["memory bank, 1 negative", MemoryBank.layer({ ...bank, size: 1 })],
  ["memory bank, more negatives than entries", MemoryBank.layer({ ...bank, size: 40 })],
  ["memory bank that redraws own entries", MemoryBank.layer({ ...bank, size: 40, redrawOwn: true })],
  ["end-to-end, two encoders", EndToEnd.layerSeparate({ batchSize })],
  ["end-to-end, one encoder", EndToEnd.layerShared({ batchSize })]
] as const

const stages = Layer.mergeAll(
  KeyEncoder.layer.pipe(
    Layer.provideMerge(QueryEncoder.layer(LinearNetwork.linear(featureSize, featureSize), 1))
  ),
  MomentumUpdate.layerEma(0.9),
  KeyShuffle.layer(1)
)

for (const [name, layer] of variants)
  describe(`Dictionary: ${name}`, () => dictionaryLaws(layer.pipe(Layer.provideMerge(stages)), featureSize))
