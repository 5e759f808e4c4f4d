import { Effect, Option, Schema } from "effect"
import { Flag } from "effect/cli"
import {
  baseSettings,
  type Case,
  defaultCases,
  isCompiled,
  type Program,
  programNames,
  type Settings
} from "./Case.ts"
import { FlagsUnusable } from "./PeerError.ts"
import { markdownNameOf } from "./Report.ts"

const Count = Schema.Int.check(Schema.isGreaterThan(0))

const count = (name: string, description: string) =>
  Flag.Int(name).pipe(Flag.withSchema(Count), Flag.withDescription(description))

/** The command line of `tools:peer`. */
export const flags = {
  only: Flag.String("only").pipe(
    Flag.withDescription(`cases, by name and comma: ${defaultCases.map(({ name }) => name).join(", ")}`),
    Flag.optional
  ),
  encoder: Flag.Literals("encoder", ["resnet18", "resnet20", "resnet34", "resnet50"]).pipe(
    Flag.withDescription("this, or one of the five below: a single case of one's own"),
    Flag.optional
  ),
  imageSize: count("image-size", "height and width of the images, pixels").pipe(Flag.optional),
  channels: count("channels", "channels of the images").pipe(Flag.optional),
  batchSize: count("batch-size", "images of a step; behind nx without `--` it is --batchSize").pipe(
    // nx takes everything that begins with --batch- for its own flag.
    Flag.withAlias("batchSize"),
    Flag.optional
  ),
  queueSize: count("queue-size", "keys in the dictionary").pipe(Flag.optional),
  bnGroups: count("bn-groups", "parts of a batch with batch statistics of their own").pipe(Flag.optional),
  rows: Flag.String("rows").pipe(
    Flag.withDescription(`programs, by name and comma: ${programNames.join(", ")}`),
    Flag.optional
  ),
  compile: Flag.Boolean("compile").pipe(
    Flag.withDescription("measure PyTorch compiled too; --no-compile leaves it out"),
    Flag.withDefault(true)
  ),
  augment: Flag.Literals("augment", ["on", "off"]).pipe(
    Flag.withDescription("random views on both sides, or on neither"),
    Flag.withDefault("off")
  ),
  rounds: count("rounds", "blocks of every row, in turn").pipe(Flag.withDefault(3)),
  steps: count("steps", "measured steps of a block; without it as many as take about 22 s").pipe(
    Flag.optional
  ),
  warmUp: count("warm-up", "steps before them that do not count").pipe(Flag.withDefault(3)),
  threads: count("threads", "threads of both sides; without it one a core").pipe(Flag.optional),
  python: Flag.String("python").pipe(
    Flag.withDescription(
      "a Python that has PyTorch, in place of the one in the cache; so does MOCO_PEER_PYTHON"
    ),
    Flag.optional
  ),
  out: Flag.String("out").pipe(
    Flag.withDescription(
      "file for the results, written after every block; a page of tables is written beside it"
    ),
    Flag.withMetavar("FILE"),
    Flag.optional
  )
}

/** What the flags have given. */
export type Given = {
  readonly [Name in keyof typeof flags]: (typeof flags)[Name] extends Flag.Flag<infer A> ? A : never
}

const sizeNames = ["encoder", "imageSize", "channels", "batchSize", "queueSize", "bnGroups"] as const

/** The cases that are asked for: some of the default ones, or a single one by its sizes. */
export const casesOf = Effect.fnUntraced(function* (
  given: Pick<Given, "only" | (typeof sizeNames)[number]>
): Effect.fn.Return<ReadonlyArray<Case>, FlagsUnusable> {
  const sizes = Object.fromEntries(
    sizeNames.flatMap((name) => {
      const value = Option.getOrUndefined<string | number>(given[name])
      return value === undefined ? [] : [[name, value]]
    })
  ) as Partial<Settings>
  const isOwn = Object.keys(sizes).length > 0
  if (Option.isSome(given.only)) {
    if (isOwn) {
      return yield* new FlagsUnusable({
        problem: "--only names cases, and --encoder and the sizes make one",
        hint: "leave out the one or the others"
      })
    }
    const names = yield* namesIn(
      "only",
      given.only.value,
      defaultCases.map(({ name }) => name)
    )
    return defaultCases.filter(({ name }) => names.includes(name))
  }
  if (!isOwn) return defaultCases
  const settings = { ...baseSettings, ...sizes }
  const { batchSize, bnGroups } = settings
  if (batchSize % bnGroups !== 0) {
    return yield* new FlagsUnusable({
      problem: `--bn-groups=${bnGroups} does not divide --batch-size=${batchSize}`,
      hint: "choose a number of groups by which the batch can be divided"
    })
  }
  return [{ name: "own", settings }]
})

/** The programs that are asked for, in the order of the table. */
export const programsOf = Effect.fnUntraced(function* ({ compile, rows }: Pick<Given, "compile" | "rows">) {
  const names = Option.isSome(rows) ? yield* namesIn("rows", rows.value, programNames) : programNames
  return programNames.filter(
    (name): name is Program => names.includes(name) && (compile || !isCompiled(name))
  )
})

/** The file for the results; its page must not be the same file. */
export const outOf = Effect.fnUntraced(function* ({ out }: Pick<Given, "out">) {
  if (Option.isNone(out)) return undefined
  if (out.value !== markdownNameOf(out.value) && !out.value.endsWith(".md")) return out.value
  return yield* new FlagsUnusable({
    problem: `--out=${out.value} is the name of a page`,
    hint: "name the JSON file: the page of tables is written beside it"
  })
})

const namesIn = Effect.fnUntraced(function* (flag: string, text: string, known: ReadonlyArray<string>) {
  const names = text.split(",")
  const unknown = names.find((name) => !known.includes(name))
  if (unknown === undefined) return names
  return yield* new FlagsUnusable({
    problem: `--${flag}=${unknown} is none of them`,
    hint: `there are: ${known.join(", ")}`
  })
})
