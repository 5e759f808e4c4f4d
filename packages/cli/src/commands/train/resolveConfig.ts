import { applyOverrides, ConfigInvalid, type Problem } from "@moco/train/RunConfig"
import { nearest } from "@moco/train/RunConfig/nearest"
import { readStructuredFile } from "@moco/train/readStructuredFile"
import { defaultRecipe, recipes } from "@moco/train/recipes"
import { Effect, Option, Schema } from "effect"
import { Flag } from "effect/cli"
import { imagesOf } from "./imagesOf.ts"
import { requireUse } from "./requireUse.ts"

export const recipeFlag = Flag.String("recipe").pipe(
  Flag.withDescription(`one of ${Object.keys(recipes).join(", ")} (default: ${defaultRecipe})`),
  Flag.withMetavar("NAME"),
  Flag.optional
)

/** The config of the recipe that was named, or of the default one. */
export const recipeConfig = (flag: Option.Option<string>) =>
  Effect.map(recipeName(flag, {}), (name) => recipes[name]!())

/** What the command line says about the config. */
export interface ConfigFlags {
  readonly recipe: Option.Option<string>
  readonly config: Option.Option<string>
  readonly set: Readonly<Record<string, string>>
  readonly seed: Option.Option<number>
  readonly epochs: Option.Option<number>
  readonly data: Option.Option<string>
  readonly imageSize: Option.Option<number>
  readonly split: Option.Option<string>
  readonly maxBad: Option.Option<string>
}

/**
 * Lays the config file and then the flags over the recipe: `--recipe`, else the file's, else the one for the images that
 * `--data` names, else the default one.
 */
export const resolveConfig = Effect.fn("cli.resolveConfig")(function* (flags: ConfigFlags) {
  const file = Option.isSome(flags.config) ? yield* readStructuredFile("config", flags.config.value) : {}
  const sets = yield* setsOf(flags)
  const images = yield* imagesOf(flags.data, { file, sets })
  const name = yield* recipeName(flags.recipe, file, images.recipe)
  const base = name === images.recipe ? yield* images.planned : recipes[name]!()
  const layers = [...(base.data.files ? [] : [images.underlay]), file, images.layer]
  // Of images that are no files it would be one value of several that are missing.
  const { "data.files.maxBad": _, ...others } = sets
  yield* requireUse(yield* applyOverrides(base, layers, others), flags, images.survey)
  return yield* applyOverrides(base, layers, sets)
})

const recipeName = Effect.fnUntraced(function* (
  flag: Option.Option<string>,
  file: unknown,
  otherwise: string = defaultRecipe
) {
  const inFile = Schema.is(NamesRecipe)(file) ? file.recipe : undefined
  const name = Option.getOrElse(flag, () => inFile ?? otherwise)
  if (!Object.hasOwn(recipes, name)) {
    const near = nearest(name, Object.keys(recipes))
    const hint = near === undefined ? `recipes: ${Object.keys(recipes).join(", ")}` : `did you mean ${near}?`
    const path = Option.isSome(flag) ? "--recipe" : "recipe"
    return yield* refuse({ path, value: name, problem: "is not the name of a recipe", hint })
  }
  if (inFile !== undefined && inFile !== name) {
    const problem = `contradicts the config file, which is of recipe ${inFile}`
    return yield* refuse({ path: "--recipe", value: name, problem, hint: "leave one of the two out" })
  }
  return name
})

const NamesRecipe = Schema.Struct({ recipe: Schema.String })

/** Flags that are short for `--set`. */
const shortForms = [
  { name: "seed", flag: "seed", path: "seed" },
  { name: "epochs", flag: "epochs", path: "training.epochs" },
  { name: "imageSize", flag: "image-size", path: "data.imageSize" },
  { name: "split", flag: "split", path: "data.evaluationSplit" },
  { name: "maxBad", flag: "max-bad", path: "data.files.maxBad" }
] as const

/** The pairs of `--set` with the short forms beside them, which must not say something else. */
export const setsOf = Effect.fnUntraced(function* (
  flags: Pick<ConfigFlags, "set" | (typeof shortForms)[number]["name"]>
) {
  let sets = flags.set
  for (const { flag, name, path } of shortForms) {
    const value = Option.map(flags[name], String)
    if (Option.isNone(value)) continue
    const other = sets[path]
    if (other !== undefined && other !== value.value) {
      const problem = `contradicts --set ${path}=${other}`
      return yield* refuse({
        path: `--${flag}`,
        value: value.value,
        problem,
        hint: "leave one of the two out"
      })
    }
    sets = { ...sets, [path]: value.value }
  }
  return sets
})

const refuse = (problem: Problem) => new ConfigInvalid({ problems: [problem] })
