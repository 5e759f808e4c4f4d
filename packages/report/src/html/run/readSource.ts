import * as SafeFile from "@moco/core/SafeFile"
import { EncoderCard } from "@moco/train/EncoderCard"
import * as RunFolder from "@moco/train/RunFolder"
import { readEvaluated } from "@moco/train/RunFolder/evaluated"
import { filesOf } from "@moco/train/RunFolder/files"
import { Effect, Path, Schema } from "effect"
import type { DrawnRun } from "../../charts/runChart/curves.ts"
import { readRun } from "../../charts/runChart/readRun.ts"
import { visibleMeasurement } from "../../charts/visible.ts"
import type { Commands, Found, RunSource } from "./RunSource.ts"
import { readInspection } from "./readInspection.ts"

const EncoderCardJson = Schema.fromJsonString(EncoderCard)

const maxBytes = 2 ** 20

/** What a run folder holds for its report. Config and log must be there; what else is missing is said in the report. */
export const readSource = Effect.fn("report.readSource")(function* (
  folderPath: string,
  commandsOf: (run: DrawnRun) => Commands,
  failure?: string
) {
  const path = yield* Path.Path
  const run = yield* readRun(folderPath)
  const folder = filesOf(path, folderPath)
  const source: RunSource = {
    run,
    card: yield* found(folder.encoderCard, Schema.decodeUnknownEffect(EncoderCardJson)),
    environment: run.environment,
    inspected: yield* readInspection(folder),
    since: yield* readSince(folder.evaluations),
    quarantine: yield* RunFolder.readQuarantine(folder),
    commands: commandsOf(run),
    ...(failure === undefined ? {} : { failure })
  }
  return source
})

/** As it is to be seen: what was measured may be called anything by a file from elsewhere. */
const readSince = (file: string) =>
  Effect.map(readEvaluated(file), ({ found, problems }) => ({
    found: found.map((one) => ({ ...one, measurements: one.measurements.map(visibleMeasurement) })),
    problems
  }))

/** What a small JSON file says; where it says nothing, why. */
const found = Effect.fnUntraced(function* <A>(
  file: string,
  decode: (text: string) => Effect.Effect<A, Schema.SchemaError>
) {
  const path = yield* Path.Path
  return yield* Effect.match(Effect.andThen(SafeFile.readText(file, { maxBytes }), decode), {
    onFailure: (): Found<A> => ({ missing: `${path.basename(file)} is not there, or cannot be read` }),
    onSuccess: (value): Found<A> => ({ value })
  })
})
