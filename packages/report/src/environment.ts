import { readStructuredFile } from "@moco/train/readStructuredFile"
import { Effect, Schema } from "effect"

/**
 * What a run has run on, as far as its `environment.json` tells: programs of other versions have written more, or less, so
 * there is no field that must be there.
 */
export const RunEnvironment = Schema.Struct({
  startedAt: Schema.optionalKey(Schema.String),
  version: Schema.optionalKey(Schema.String),
  commit: Schema.optionalKey(Schema.NullOr(Schema.Struct({ hash: Schema.String, dirty: Schema.Boolean }))),
  node: Schema.optionalKey(Schema.String),
  platform: Schema.optionalKey(Schema.String),
  backend: Schema.optionalKey(
    Schema.Struct({
      name: Schema.String,
      version: Schema.optionalKey(Schema.String),
      device: Schema.optionalKey(Schema.String),
      nativeOps: Schema.optionalKey(Schema.NullOr(Schema.String))
    })
  ),
  threads: Schema.optionalKey(Schema.Finite),
  cpu: Schema.optionalKey(
    Schema.Struct({
      model: Schema.String,
      cores: Schema.optionalKey(Schema.Finite),
      features: Schema.optionalKey(Schema.Array(Schema.String))
    })
  ),
  variables: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  images: Schema.optionalKey(Schema.Struct({ name: Schema.String, sha256: Schema.String })),
  /** Stages that were given in code, in place of the config's. */
  ownStages: Schema.optionalKey(Schema.Array(Schema.String))
})
export type RunEnvironment = typeof RunEnvironment.Type

const decode = Schema.decodeUnknownEffect(RunEnvironment)

/** What a run has run on; nothing where that is not there, or cannot be understood. */
export const readEnvironment = (file: string) =>
  readStructuredFile("environment", file).pipe(
    Effect.flatMap(decode),
    Effect.orElseSucceed(() => undefined)
  )

/** What is known of it in words, names beside values: what is not known is left out. */
export const environmentFacts = ({
  backend,
  commit,
  cpu,
  images,
  node,
  ownStages = [],
  platform,
  startedAt,
  threads,
  version
}: RunEnvironment): ReadonlyArray<readonly [name: string, value: string]> => {
  const facts: ReadonlyArray<readonly [string, ReadonlyArray<string | undefined>]> = [
    ["started", [startedAt && `${startedAt.slice(0, 16).replace("T", " ")} UTC`]],
    ["program", [version, commit ? `commit ${commitText(commit)}` : undefined]],
    // Figures of other images cannot be compared.
    ["images", images === undefined ? [] : [images.name, `SHA-256 ${images.sha256.slice(0, 16)}`]],
    ["processor", [cpu?.model, counted(cpu?.cores, "core"), counted(threads, "thread")]],
    ["instructions", [cpu?.features?.join(" ")]],
    ["backend", [backend && backendText(backend)]],
    ["system", [platform, node && `Node ${node}`]],
    ["stages given in code", ownStages]
  ]
  return facts.flatMap(([name, values]) => {
    const known = values.filter((value) => value !== undefined && value !== "")
    return known.length === 0 ? [] : [[name, known.join(", ")] as const]
  })
}

const commitText = ({ dirty, hash }: NonNullable<RunEnvironment["commit"]>): string =>
  `${hash.slice(0, 12)}${dirty ? " (changed)" : ""}`

const counted = (count: number | undefined, what: string) =>
  count === undefined ? undefined : `${count} ${what}${count === 1 ? "" : "s"}`

const backendText = ({ device, name, nativeOps, version }: NonNullable<RunEnvironment["backend"]>) =>
  [
    name,
    ...(version === undefined ? [] : [version]),
    ...(device === undefined ? [] : ["on", device]),
    ...(nativeOps == null ? [] : [`with own ops (${nativeOps})`])
  ].join(" ")
