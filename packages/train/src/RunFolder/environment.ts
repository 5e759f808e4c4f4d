import type { Backend } from "@moco/core/Backend"
import * as ProcessEnvironment from "@moco/core/ProcessEnvironment"
import * as SafeFile from "@moco/core/SafeFile"
import { Clock, Effect, Path, Schema } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { type Cpu, cpu } from "./cpu.ts"

/** The state of the sources: of which commit, and whether they were changed since. */
interface Commit {
  readonly hash: string
  readonly dirty: boolean
}

/** What a run ran on: beside the config, everything that its figures may depend on. */
export interface Environment {
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly version: string
  /** None where the sources are not under git. */
  readonly commit: Commit | null
  readonly node: string
  readonly platform: string
  readonly backend: Backend["Service"]
  readonly threads: number
  readonly cpu: Cpu
  /** The variables of {@link ProcessEnvironment} that are set. */
  readonly variables: Readonly<Record<string, string>>
  /** The data set, with the SHA-256 of what is known of the training images' files. */
  readonly images?: { readonly name: string; readonly sha256: string }
  /** Stages that were given in code, in place of the config's. */
  readonly ownStages?: ReadonlyArray<string>
}

/** Looks around; nothing that is missing makes it fail. */
export const environment = Effect.fn("RunFolder.environment")(function* (
  backend: Backend["Service"],
  threads: number
) {
  const found: Environment = {
    startedAt: new Date(yield* Clock.currentTimeMillis).toISOString(),
    version: yield* version,
    commit: yield* commit,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    backend,
    threads,
    cpu: yield* cpu,
    variables: Object.fromEntries(
      ProcessEnvironment.variables.flatMap(({ name }) => {
        const value = process.env[name]
        return value === undefined ? [] : [[name, value]]
      })
    )
  }
  return found
})

const decodeVersion = Schema.decodeUnknownEffect(
  Schema.fromJsonString(Schema.Struct({ version: Schema.String }))
)

/** Of this package; all packages of the repository carry the same. */
export const version = Effect.gen(function* () {
  const path = yield* Path.Path
  const file = yield* path.fromFileUrl(new URL("../../package.json", import.meta.url))
  return (yield* decodeVersion(yield* SafeFile.readText(file, { maxBytes: 2 ** 20 }))).version
}).pipe(Effect.orElseSucceed(() => "unknown"))

/** Of the sources that run, not of the folder that the user is in. */
const commit = Effect.gen(function* () {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const path = yield* Path.Path
  const folder = yield* path.fromFileUrl(new URL(".", import.meta.url))
  const git = (...args: ReadonlyArray<string>) =>
    spawner.string(ChildProcess.make("git", ["-C", folder, ...args]))
  const hash = (yield* git("rev-parse", "HEAD")).trim()
  if (!/^[0-9a-f]{40,64}$/.test(hash)) return null
  const found: Commit = { hash, dirty: (yield* git("status", "--porcelain")).trim() !== "" }
  return found
}).pipe(
  Effect.timeout("5 seconds"),
  Effect.orElseSucceed(() => null)
)
