import { writeFileSync } from "node:fs"
import { join } from "node:path"
import type * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { encode } from "@moco/core/Safetensors"
import { plan } from "@moco/study/Study"
import { StudyRecord } from "@moco/study/StudyRecord"
import * as RunFolder from "@moco/train/RunFolder"
import { RunLog } from "@moco/train/RunLog"
import { recipes } from "@moco/train/recipes"
import { Cause, Effect, Exit, Layer, type Scope, Terminal } from "effect"
import { type CliError, Command } from "effect/cli"
import { TestConsole } from "effect/testing"
import { type ExpectedError, exitCodeOf, report } from "../../src/ExitCode.ts"
import { root, tinyTrial, writeStudy } from "../program.ts"

type Services = NodeServices.NodeServices | Scope.Scope

/** Fails, unless nothing goes wrong. */
export type Provoked = Effect.Effect<unknown, ExpectedError | CliError.CliError, Services>

/** How the program ends. The tag of an error is not to be seen from outside of its process. */
export interface Ending {
  readonly tag?: string
  readonly code: number | null
  readonly stderr: string
}

/** An error, how it is made to happen in an empty folder, and what a user is told then. */
export type Case = {
  /** Words that say what is wrong, where, which value it is about, and what to do. */
  readonly says: (folder: string) => ReadonlyArray<string>
} & (
  | { readonly provoke: (folder: string) => Provoked }
  /** Where a process has to be started for it. */
  | { readonly provokeInProgram: (folder: string) => Promise<Ending> }
)

/** Errors whose exit code is the same. */
export type Family = Readonly<Partial<Record<ExpectedError["_tag"], Case>>>

const quietTerminal = Layer.effect(
  Terminal.Terminal,
  Effect.map(Terminal.Terminal, (terminal) => Terminal.make({ ...terminal, display: () => Effect.void }))
)

/** Ends as the program does: the error is told on standard error, and decides the exit code. */
export const endingOf = Effect.fnUntraced(
  function* (provoked: Provoked) {
    const exit = yield* Effect.exit(Effect.scoped(provoked))
    if (Exit.isSuccess(exit)) return assert.fail("nothing went wrong")
    yield* report(exit.cause)
    const { _tag: tag } = Cause.squash(exit.cause) as ExpectedError
    const stderr = (yield* TestConsole.errorLines).join("\n")
    const ending: Ending = { tag, code: exitCodeOf(exit, undefined), stderr }
    return ending
  },
  Effect.provide([TestConsole.layer, quietTerminal])
)

/** A command of the program, without a process of its own. */
export const command = <Name extends string, Input, E extends ExpectedError, R extends Services>(
  of: Command.Command<Name, Input, object, E, R>,
  ...args: ReadonlyArray<string>
): Provoked => Command.runWith(of, { version: "test" })(args)

export const tensorflow = Backend.layerTensorflow({ threads: 2 })

/** A recorded run that comes with the repository. */
export const fixture = join(root, "packages/train/test/parity/plain")

type Overrides = Readonly<Record<string, unknown>>

/** A study of one run that takes seconds. */
export const tinyStudy = (set: Overrides = {}) => ({
  name: "mine",
  recipe: "fashionMnistQuick",
  set: { ...tinyTrial, ...set },
  axes: [{ setting: "dictionary.size", values: [64] }],
  seeds: [1]
})

const planned = (set?: Overrides) => plan(tinyStudy(set), recipes["fashionMnistQuick"]!())

/** The flag that names a study's file, which is written. */
export const studyFlag = (folder: string, study: unknown) => `--study=${writeStudy(folder, study)}`

/** Opens the record of the tiny study in `folder`, for as long as the Scope is open. */
export const openRecord = (folder: string, set?: Overrides) =>
  Effect.flatMap(planned(set), (study) => Layer.build(StudyRecord.layerFolder(folder, study)))

/** Leaves in `path` what a run leaves that is killed before its first checkpoint. */
export const beginRun = Effect.fnUntraced(function* (path: string) {
  const { trials } = yield* planned()
  const { folder } = yield* RunFolder.open(path)
  yield* RunFolder.writeConfig(folder, trials[0]!.config)
  yield* Layer.build(RunLog.layerJsonLines(folder.metrics))
}, Effect.scoped)

/** Writes weights that are those of no encoder into `folder`; returns their file. */
export const writtenWeights = (folder: string): string => {
  const weight = { dtype: "F32", shape: [1], data: Float32Array.of(1) } as const
  const file = `${folder}/mine.safetensors`
  writeFileSync(file, encode({ "conv1.weight": weight, "layer9.weight": weight }))
  return file
}
