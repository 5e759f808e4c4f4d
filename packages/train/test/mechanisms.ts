import * as EndToEnd from "@moco/core/Dictionary/EndToEnd"
import * as MemoryBank from "@moco/core/Dictionary/MemoryBank"
import type { TinySettings } from "./tinyRun.ts"

const bank = MemoryBank.layer({ size: 30, numImages: 64, entryMomentum: 0.5, redrawOwn: true, seed: 1 })

/** The three mechanisms of a tiny run, and the loss that has a state, for what every one of them must keep. */
export const mechanisms: ReadonlyArray<readonly [string, TinySettings]> = [
  ["a queue", {}],
  ["a memory bank", { dictionary: bank }],
  ["a memory bank and NCE", { dictionary: bank, nce: true }],
  ["end-to-end training", { dictionary: EndToEnd.layerSeparate({ batchSize: 8 }) }]
]
