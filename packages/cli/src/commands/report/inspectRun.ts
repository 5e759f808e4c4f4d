import { check as checkEnvironment } from "@moco/core/EnvironmentInvalid"
import * as Escape from "@moco/core/Escape"
import { RunInUse } from "@moco/report/runs/RunInUse"
import { inspectStored } from "@moco/train/inspectStored"
import * as StoredEncoder from "@moco/train/StoredEncoder"
import { Console, Effect, Option } from "effect"
import { FlagsInvalid } from "../../FlagsInvalid.ts"
import { requireKnown } from "../../requireKnown.ts"
import { requireUsed } from "../../requireUsed.ts"

interface Asked {
  readonly inspect: boolean
  readonly dataDir: Option.Option<string>
  readonly isOneRun: boolean
}

/** What is looked at is the encoder of one run, and images are read for nothing else. */
export const requireOneRun = Effect.fnUntraced(function* ({ dataDir, inspect, isOneRun }: Asked) {
  if (inspect && !isOneRun) {
    const problem = "looks at the encoder of one run, and these are several, or a study"
    const hint = "inspect one run after another, then write the report of all of them without --inspect"
    return yield* new FlagsInvalid({ flags: "--inspect", problem, hint })
  }
  if (!inspect && Option.isSome(dataDir)) {
    const problem = "a report reads no images"
    const hint = "leave it away, or give --inspect too"
    return yield* new FlagsInvalid({ flags: `--data-dir=${dataDir.value}`, problem, hint })
  }
})

/** Looks at what the last encoder of the run in a folder makes of images, and leaves it there. */
export const inspectRun = Effect.fn("cli.inspectRun")(function* (
  folder: string,
  dataDir: Option.Option<string>
) {
  yield* checkEnvironment(process.env)
  const stored = yield* StoredEncoder.ofRun(folder, "last")
  yield* requireKnown(
    stored,
    "look at it in code: inspectStored(folder, encoder, { stages }) of @moco/train/inspectStored"
  )
  yield* requireUsed(dataDir, [stored.config])
  const after = stored.step === undefined ? "" : ` after ${stored.step} steps`
  yield* Console.error(
    `looking at what ${Escape.line(stored.weights.source)}${after} makes of images of ${stored.config.data.name} ...`
  )
  yield* inspectStored(folder, stored, { dataDir: Option.getOrUndefined(dataDir) }).pipe(
    Effect.catchTag("FolderLocked", ({ owner }) => new RunInUse({ path: folder, owner, wanted: "inspected" }))
  )
})
