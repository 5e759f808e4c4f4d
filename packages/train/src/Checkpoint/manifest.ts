import { createHash } from "node:crypto"
import { Measurement } from "@moco/evaluation/Measurement"
import { Effect, Option, Schema } from "effect"
import { parseJson } from "../internal/parseJson.ts"
import { most } from "../RunConfig/bounds.ts"
import { isSection } from "../RunConfig/overrides.ts"
import { upgradeConfig } from "../RunConfig/stored.ts"
import { RunConfig } from "../RunConfig.ts"
import { RunEvent } from "../RunLog/RunEvent.ts"
import { schemaTrouble } from "../schemaTrouble.ts"
import { Fingerprint } from "./fingerprint.ts"
import { upgradeManifest } from "./format1.ts"

/**
 * Version of everything that a checkpoint consists of, the config in it too; raised when an older program could not read
 * a newer one.
 */
export const formatVersion = 2

const between = (minimum: number, maximum: number) =>
  Schema.Finite.check(Schema.isBetween({ minimum, maximum }))
const Step = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: most.steps }))
/** Some 30,000 years. */
const Seconds = between(0, 1e12)
/** Each halves the learning rate, or takes a tenth of it. */
const Rollbacks = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 }))

/** A file of a checkpoint. */
export const Part = Schema.Struct({
  name: Schema.String,
  bytes: Schema.Natural,
  /** Of the whole file, lower-case hexadecimal. */
  sha256: Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/))
})
export type Part = typeof Part.Type

/** Of a state that is worth keeping: nothing that decides about it is NaN. */
const FiniteMeasurement = Schema.Struct({ ...Measurement.fields, value: Schema.Finite }).check(
  Schema.makeFilter(
    ({ unit, value }) =>
      unit !== "fraction" || (value >= 0 && value <= 1) || `value (${value}) is no fraction`
  )
)

const Best = Schema.Struct({
  step: Step,
  evaluation: Schema.String,
  metric: Schema.String,
  value: Schema.Finite
})

/** What was done before a step was taken cannot have been done after it. */
const inOrder = Schema.makeFilter(
  ({
    best,
    evaluatedAt,
    step
  }: {
    readonly step: number
    readonly evaluatedAt: Readonly<Record<string, number>>
    readonly best?: typeof Best.Type
  }) => {
    const late = Object.entries(evaluatedAt).find(([, at]) => at > step)
    if (late !== undefined) return `evaluatedAt.${late[0]} (${late[1]}) is behind step (${step})`
    return best === undefined || best.step <= step || `best.step (${best.step}) is behind step (${step})`
  }
)

/** How far a run is, beside its tensors. */
export const RunProgress = Schema.Struct({
  /** Steps taken. */
  step: Step,
  trainingSeconds: Seconds,
  evaluationSeconds: Seconds,
  /** Where the run log ended when this was true; what stands behind it belongs to steps that are taken again. */
  logPosition: Schema.Natural,
  /** What happened last, where the run log could not take it: it is logged when the run goes on. */
  unlogged: Schema.optionalKey(RunEvent),
  /** The newest of every metric and subject. */
  measurements: Schema.Array(FiniteMeasurement),
  /** The best state so far, by the primary metric. */
  best: Schema.optionalKey(Best),
  /** Steps that were taken before the last evaluation, by evaluation. */
  evaluatedAt: Schema.Record(Schema.String, Step),
  /** Times that the run has gone back to a checkpoint. */
  rollbacks: Rollbacks,
  /** What the learning rate is multiplied by; below 1 after a rollback. */
  rateFactor: between(1e-30, 1),
  /** Steps of the states that it has gone back to and that a later step has failed from all the same, rising. */
  triedStates: Schema.optionalKey(Schema.Array(Step).check(Schema.isMaxLength(100)))
}).check(inOrder)
export type RunProgress = typeof RunProgress.Type

/** What a checkpoint says about itself. */
export const Manifest = Schema.Struct({
  format: Schema.Literal(formatVersion),
  /** ISO 8601, UTC. */
  savedAt: Schema.String,
  config: RunConfig,
  /** Stages that stand in code in place of the config's; absent where the program knew of none. */
  ownStages: Schema.optionalKey(Schema.Array(Schema.String).check(Schema.isMaxLength(100))),
  /** SHA-256 of the file whose weights the run has begun with, or null for the seed's; absent as above. */
  initialWeights: Schema.optionalKey(Schema.NullOr(Schema.String)),
  /** SHA-256 of what is known of the training images by name; absent as above. */
  images: Schema.optionalKey(Schema.String),
  fingerprint: Fingerprint,
  progress: RunProgress,
  /** Counters of the dictionary, and the state of the loss. */
  counters: Schema.Record(Schema.String, Schema.Finite),
  parts: Schema.Array(Part).check(
    Schema.isMaxLength(100),
    Schema.makeFilter((parts) => {
      const names = parts.map(({ name }) => name)
      const twice = names.find((name, i) => names.indexOf(name) !== i)
      return twice === undefined || `has ${JSON.stringify(twice)} twice`
    })
  )
})
export type Manifest = typeof Manifest.Type

const ManifestJson = Schema.fromJsonString(Schema.toCodecJson(Manifest))

/** SHA-256 in lower-case hexadecimal. */
export const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex")

/** A manifest as a file: a line of JSON, and a line with its hash, so that a flipped bit in it is seen too. */
export const encodeManifest = (manifest: Manifest): string => {
  const json = Schema.encodeSync(ManifestJson)(manifest)
  return sign(json)
}

/** JSON as the lines of a manifest: itself, and its hash. */
export const sign = (json: string): string => `${json}\n${JSON.stringify({ sha256: sha256(json) })}\n`

/** The JSON of a manifest's text, where its hash is right. */
const signedJson = (text: string): string | undefined => {
  const json = text.slice(0, text.indexOf("\n"))
  return text === sign(json) ? json : undefined
}

const decodeFormat = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({ format: Schema.Int })))

/** The format of a manifest, its own or another program's; nothing where it is damaged. */
export const formatOf = (text: string): number | undefined =>
  Option.getOrUndefined(Option.map(decodeFormat(signedJson(text)), ({ format }) => format))

const decodeJson = Schema.decodeUnknownEffect(Schema.toCodecJson(Manifest), { reportInput: true })

/**
 * A manifest that an older program has written, as it would be written today: its config too, whatever its format, for a
 * setting gets another name more often than a manifest another form.
 */
const upgrade = (manifest: unknown): unknown => {
  const upgraded = upgradeManifest(manifest)
  return isSection(upgraded) && Object.hasOwn(upgraded, "config")
    ? { ...upgraded, config: upgradeConfig(upgraded["config"]) }
    : upgraded
}

/** Reads a manifest, an older one as it would be written today; fails with what is wrong with it, in plain words. */
export const decodeManifest = (text: string): Effect.Effect<Manifest, string> => {
  const json = signedJson(text)
  return json === undefined
    ? Effect.fail("its hash does not fit its content")
    : Effect.mapError(
        Effect.flatMap(Effect.fromResult(parseJson(json)), (manifest) => decodeJson(upgrade(manifest))),
        schemaTrouble
      )
}
