import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Schema } from "effect"
import { Command } from "effect/cli"
import { TestConsole } from "effect/testing"
import { layerPresenter } from "../src/commandLine/presenter.ts"
import { exitCodeOf, report } from "../src/ExitCode.ts"
import { moco } from "../src/run.ts"

/** Runs a command line to its end as the program does, without a process of its own: in a tenth of the time. */
export const runInProcess = (...args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const exit = yield* Effect.exit(
      Effect.tapCause(Command.runWith(moco, { version: "0.0.0" })(args), report)
    )
    return {
      code: exitCodeOf(exit, undefined),
      stdout: (yield* TestConsole.logLines).join("\n"),
      stderr: (yield* TestConsole.errorLines).join("\n")
    }
  }).pipe(Effect.provide([TestConsole.layer, NodeServices.layer, layerPresenter]), Effect.runPromise)

/** What a command has printed as JSON; more than the schema knows is an error. */
export const decode = <S extends Schema.Codec<unknown, unknown>>(schema: S, text: string): S["Type"] =>
  Schema.decodeUnknownSync(Schema.fromJsonString(Schema.toCodecJson(schema)), { onExcessProperty: "error" })(
    text
  )
