import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { ExitCode } from "@moco/train/ExitCode"
import { Effect, FileSystem } from "effect"
import { expectedTags } from "../src/ExitCode.ts"
import { config } from "./everyError/ofConfig.ts"
import { corrupt, data } from "./everyError/ofInput.ts"
import { negative, nonFinite, resource } from "./everyError/ofRuns.ts"
import { type Case, type Ending, endingOf } from "./everyError/provoke.ts"
import { assertPlainError } from "./program.ts"

/** Families by the name of their exit code; bugs and interruptions are no errors of the table. */
const families = { negative, config, data, corrupt, nonFinite, resource }

const provoked = (error: Case, folder: string): Effect.Effect<Ending, never, NodeServices.NodeServices> =>
  "provoke" in error ? endingOf(error.provoke(folder)) : Effect.promise(() => error.provokeInProgram(folder))

describe("every error", () => {
  it("of the table is provoked here", () => {
    const tags = Object.values(families).flatMap((family) => Object.keys(family))
    assert.sameMembers(tags, [...expectedTags])
  })

  for (const [family, errors] of Object.entries(families)) {
    const expected = ExitCode[family as keyof typeof families]
    for (const [name, error] of Object.entries(errors)) {
      it.live(`${name} exits with ${expected} and says what is wrong, where, and what to do`, () =>
        Effect.gen(function* () {
          const fileSystem = yield* FileSystem.FileSystem
          const folder = yield* fileSystem.makeTempDirectoryScoped()
          const { code, stderr, tag = name } = yield* provoked(error, folder)
          assert.strictEqual(tag, name, stderr)
          assert.strictEqual(code, expected, stderr)
          assertPlainError(stderr, "error: ", ...error.says(folder))
        }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
      )
    }
  }
})
