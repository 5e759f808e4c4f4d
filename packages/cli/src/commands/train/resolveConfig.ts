import { applyOverrides, ConfigInvalid, type Problem } from "@moco/train/RunConfig"
import { nearest } from "@moco/train/RunConfig/nearest"
import { readStructuredFile } from "@moco/train/readStructuredFile"
import { defaultRecipe, recipes } from "@moco/train/recipes"
import { Effect, Option, Schema } from "effect"
import { Flag } from "effect/cli"

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
}

/** Lays the config file and then the flags over the recipe: `--recipe`, else the file's, else the default one. */
export const resolveConfig = Effect.fn("cli.resolveConfig")(function* (flags: ConfigFlags) {
  const file = Option.isSome(flags.config) ? yield* readStructuredFile("config", flags.config.value) : {}
  const name = yield* recipeName(flags.recipe, file)
  return yield* applyOverrides(recipes[name]!(), [file], yield* setsOf(flags))
})

const recipeName = Effect.fnUntraced(function* (flag: Option.Option<string>, file: unknown) {
  const inFile = Schema.is(NamesRecipe)(file) ? file.recipe : undefined
  const name = Option.getOrElse(flag, () => inFile ?? defaultRecipe)
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

/** The pairs of `--set` with the short forms beside them, which must not say something else. */
export const setsOf = Effect.fnUntraced(function* (flags: Pick<ConfigFlags, "set" | "seed" | "epochs">) {
  let sets = flags.set
  for (const [flag, path] of [
    ["seed", "seed"],
    ["epochs", "training.epochs"]
  ] as const) {
    const value = Option.map(flags[flag], String)
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
