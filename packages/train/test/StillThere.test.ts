import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as RunFolder from "@moco/train/RunFolder"
import { RunLog } from "@moco/train/RunLog"
import { Effect } from "effect"
import { inTemporary } from "./inTemporary.ts"

/** What others may do to a run's folder while the run goes on. */
const deeds: Readonly<Record<string, (folder: string) => void>> = {
  removed: (folder) => rmSync(folder, { recursive: true }),
  "moved away": (folder) => renameSync(folder, `${folder}-elsewhere`),
  "removed and made anew": (folder) => {
    rmSync(folder, { recursive: true })
    mkdirSync(folder)
  },
  "replaced by another run's": (folder) => {
    renameSync(folder, `${folder}-elsewhere`)
    mkdirSync(folder)
    writeFileSync(`${folder}/metrics.jsonl`, "")
  }
}

describe("A run folder", () => {
  for (const [name, deed] of Object.entries(deeds)) {
    it.effect(`that is ${name} is noticed, and so is its log, and nothing is written in its place`, () =>
      inTemporary(
        (path) =>
          Effect.gen(function* () {
            const { folder } = yield* RunFolder.open(path)
            const isThere = yield* RunFolder.hold(folder)
            const log = yield* RunLog
            yield* Effect.andThen(log.record({ event: "resumed", step: 1 }), isThere)
            deed(path)
            const left = () => readdirSync(dirname(path), { recursive: true })
            const before = left()
            const errors = [
              yield* Effect.flip(log.record({ event: "resumed", step: 2 })),
              yield* Effect.flip(log.flush),
              yield* Effect.flip(log.truncate(0)),
              yield* Effect.flip(RunFolder.unwritable(path)(isThere))
            ]
            for (const { message } of errors) {
              assert.include(message, "removed, moved or replaced while it was in use")
            }
            assert.deepStrictEqual(left(), before)
          }).pipe(Effect.provide(RunLog.layerJsonLines(`${path}/metrics.jsonl`)), (effect) =>
            Effect.andThen(
              Effect.sync(() => mkdirSync(path)),
              Effect.scoped(effect)
            )
          ),
        "run"
      )
    )
  }
})
