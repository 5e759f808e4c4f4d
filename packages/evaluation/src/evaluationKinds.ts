import { Schema } from "effect"
import { clustering } from "./Evaluation/Clustering.ts"
import { fineTune } from "./Evaluation/FineTune.ts"
import { knn } from "./Evaluation/Knn.ts"
import { linear } from "./Evaluation/Linear.ts"
import { pretext } from "./Evaluation/Pretext.ts"
import { retrieval } from "./Evaluation/Retrieval.ts"
import { spectrum } from "./Evaluation/Spectrum.ts"
import { supervised } from "./Evaluation/Supervised.ts"
import type { Metric } from "./Measurement.ts"

/** Every evaluation that a config can name. Where several are named, they are made in this order. */
export const kinds = [knn, linear, retrieval, clustering, pretext, spectrum, fineTune, supervised] as const

type Kind = (typeof kinds)[number]
type Fields = { readonly [K in Kind as K["name"]]: Schema.optionalKey<K["Settings"]> }

type OneConfigured = ReturnType<Kind["configured"]>[number]

const fields = Object.fromEntries(kinds.map(({ name, Settings }) => [name, Schema.optionalKey(Settings)]))

/** The section `evaluations` of a config: the settings of each that is to be made. */
export const EvaluationSettings = Schema.Struct(fields as unknown as Fields)
export type EvaluationSettings = typeof EvaluationSettings.Type

/** What a config's section names, before it is built. */
export const configured = (settings: EvaluationSettings): ReadonlyArray<OneConfigured> =>
  kinds.flatMap((kind): ReadonlyArray<OneConfigured> => kind.configured(settings))

/** What the evaluations that a config names measure, in order. */
export const metricsOf = (settings: EvaluationSettings): ReadonlyArray<Metric> =>
  configured(settings).flatMap(({ metrics }) => metrics)
