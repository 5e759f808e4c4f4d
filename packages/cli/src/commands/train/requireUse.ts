import * as Files from "@moco/data/Files"
import type { RunConfig } from "@moco/train/RunConfig"
import { Effect, Option } from "effect"
import { FlagsInvalid } from "../../FlagsInvalid.ts"
import type { Surveyed } from "./imagesOf.ts"
import type { ConfigFlags } from "./resolveConfig.ts"

/**
 * Refuses flags that would change nothing: how many files may be damaged, of arrays, which no file was decoded for, and which part
 * is evaluated on, of images of which there is none.
 *
 * @param known  the survey of the images that `--data` names
 */
export const requireUse = Effect.fn("cli.requireUse")(function* <E, R>(
  { data: { evaluationSplit, files, name } }: RunConfig,
  { maxBad, split }: Pick<ConfigFlags, "maxBad" | "split">,
  known: Effect.Effect<Surveyed, E, R> | undefined
) {
  if (Option.isNone(maxBad) && (Option.isNone(split) || !files)) return
  if (!files) {
    const problem = `is of no use: ${name} is no folder of image files`
    const hint = "name images of your own with --data=PATH, or leave --max-bad away"
    return yield* new FlagsInvalid({ flags: `--max-bad=${Option.getOrThrow(maxBad)}`, problem, hint })
  }
  const { path } = files
  const surveyed = known ?? Files.survey(path, { ...files, split: evaluationSplit })
  const { hasClasses, isDecoded, isLabelled } = yield* surveyed
  if (Option.isSome(maxBad) && !isDecoded) {
    const problem = `is of no use: ${path} is an array, for which no file is decoded`
    return yield* new FlagsInvalid({ flags: `--max-bad=${maxBad.value}`, problem, hint: "leave it away" })
  }
  if (Option.isSome(split) && !hasClasses) {
    const reason = isLabelled ? "nothing of its classes is held back" : "not all of its images have classes"
    const problem = `is of no use: no part of ${path} is evaluated on, for ${reason}`
    return yield* new FlagsInvalid({ flags: `--split=${split.value}`, problem, hint: "leave it away" })
  }
})
