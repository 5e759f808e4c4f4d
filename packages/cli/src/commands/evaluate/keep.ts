import * as SafeFile from "@moco/core/SafeFile"
import * as RunFolder from "@moco/train/RunFolder"
import { Evaluated, readEvaluated } from "@moco/train/RunFolder/evaluated"
import { filesOf } from "@moco/train/RunFolder/files"
import { Effect, Path, Schema } from "effect"

const encode = Schema.encodeSync(Schema.Array(Evaluated))

/** Puts what was measured into the run's folder, behind what was measured there before. */
export const keepEvaluated = Effect.fn("cli.keepEvaluated")(function* (run: string, evaluated: Evaluated) {
  const { evaluations } = filesOf(yield* Path.Path, run)
  const before = yield* readEvaluated(evaluations)
  const text = `${JSON.stringify(encode([...before, evaluated]), null, 1)}\n`
  yield* RunFolder.unwritable(evaluations)(SafeFile.replaceText(evaluations, text))
  return evaluations
})
