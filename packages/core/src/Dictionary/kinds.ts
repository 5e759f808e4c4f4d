import { Layer, Schema } from "effect"
import type { DictionaryMemory } from "../Dictionary.ts"
import { KeyEncoder } from "../Encoder.ts"
import * as EndToEnd from "./EndToEnd.ts"
import * as MemoryBank from "./MemoryBank.ts"
import * as Queue from "./Queue.ts"

/** The mechanisms of He et al. 2020 (figure 2), told apart by `kind`. A new one is a line in each of these three. */
export const DictionarySettings = Schema.Union([
  Queue.Settings,
  MemoryBank.Settings,
  EndToEnd.Settings
]).annotate({ description: "the dictionary that queries are compared with" })
export type DictionarySettings = typeof DictionarySettings.Type

/** What a mechanism is told beside its settings. */
export interface DictionaryUse {
  readonly seed: number
  /** Images in a step. */
  readonly batchSize: number
  /** Images of the training set. */
  readonly numImages: number
}

/** The mechanism that is named. It has a key encoder of its own, where it has one at all. */
export const layerOf = (settings: DictionarySettings, use: DictionaryUse) => {
  switch (settings.kind) {
    case "queue":
      return Layer.provide(Queue.layer({ ...settings, ...use }), KeyEncoder.layer)
    case "memoryBank":
      return MemoryBank.layer({ ...settings, ...use })
    case "endToEnd":
      return settings.weights === "shared"
        ? EndToEnd.layerShared(use)
        : Layer.provide(EndToEnd.layerSeparate(use), KeyEncoder.layer)
  }
}

/** What the mechanism that is named holds in memory. */
export const memoryOf = (settings: DictionarySettings, { numImages }: DictionaryUse): DictionaryMemory => {
  switch (settings.kind) {
    case "queue":
      return Queue.memoryOf(settings)
    case "memoryBank":
      return MemoryBank.memoryOf(settings, numImages)
    case "endToEnd":
      return EndToEnd.memoryOf(settings)
  }
}
