import * as Files from "@moco/data/Files"
import type { RunConfig } from "@moco/train/RunConfig"
import { Effect, Option } from "effect"
import { FlagsInvalid } from "../../FlagsInvalid.ts"
import type { Surveyed } from "./imagesOf.ts"
import type { ConfigFlags } from "./resolveConfig.ts"

/** Settings of how a file becomes pixels: an array is pixels already. */
const ofDecoding = ["shorterSide", "background", "maxPixels", "keepDecoded", "maxBad"].map(
  (name) => `data.files.${name}`
)

type Said = Pick<ConfigFlags, "maxBad" | "split" | "set">

/**
 * Refuses flags that would change nothing: how files are decoded and how many may be damaged, of arrays, which no file is
 * decoded for, and which part is evaluated on, of images of which there is none.
 *
 * @param known  the survey of the images that `--data` names
 */
export const requireUse = Effect.fn("cli.requireUse")(function* <E, R>(
  { data }: RunConfig,
  said: Said,
  known: Effect.Effect<Surveyed, E, R> | undefined
) {
  const { evaluationSplit, files } = data
  if (!files) return yield* requireUseOfNamed(data, said)
  const decoding = decodingFlag(said)
  if (decoding === undefined && Option.isNone(said.split)) return
  const { path } = files
  const surveyed = known ?? Files.survey(path, { ...files, split: evaluationSplit })
  const { hasClasses, isDecoded, isLabelled } = yield* surveyed
  if (decoding !== undefined && !isDecoded) {
    const problem = `is of no use: ${path} is an array, for which no file is decoded`
    return yield* new FlagsInvalid({ flags: decoding, problem, hint: "leave it away" })
  }
  if (Option.isSome(said.split) && !hasClasses) {
    const reason = isLabelled ? "nothing of its classes is held back" : "not all of its images have classes"
    const problem = `is of no use: no part of ${path} is evaluated on, for ${reason}`
    return yield* new FlagsInvalid({ flags: `--split=${said.split.value}`, problem, hint: "leave it away" })
  }
})

/** Of a data set that has a name: it is no folder. A part to evaluate on is one of every data set of the catalog. */
const requireUseOfNamed = Effect.fnUntraced(function* ({ name }: RunConfig["data"], { maxBad }: Said) {
  if (Option.isNone(maxBad)) return
  const problem = `is of no use: ${name} is no folder of image files`
  const hint = "name images of your own with --data=PATH, or leave --max-bad away"
  return yield* new FlagsInvalid({ flags: `--max-bad=${maxBad.value}`, problem, hint })
})

/** The flag that says how files are decoded, as it was given. */
const decodingFlag = ({ maxBad, set }: Said): string | undefined => {
  if (Option.isSome(maxBad)) return `--max-bad=${maxBad.value}`
  const path = ofDecoding.find((setting) => Object.hasOwn(set, setting))
  return path === undefined ? undefined : `--set ${path}=${set[path]}`
}
