import { configFileSchema } from "@moco/train/RunConfig/jsonSchema"
import { settingGroups } from "@moco/train/RunConfig/settings"
import * as RunFolder from "@moco/train/RunFolder"
import { recipes } from "@moco/train/recipes"
import { Console, Effect, Option } from "effect"
import { Argument, Command } from "effect/cli"
import { jsonFlag, pathFlag } from "../flags.ts"
import { renderSettings } from "./settings/render.ts"
import { under } from "./settings/under.ts"
import { recipeConfig, recipeFlag } from "./train/resolveConfig.ts"

const flags = {
  path: Argument.String("path").pipe(
    Argument.withDescription("a setting or a section, e.g. loss.temperature or optimizer (default: all)"),
    Argument.optional
  ),
  recipe: recipeFlag,
  json: jsonFlag("the settings"),
  jsonSchema: pathFlag(
    "json-schema",
    "write a JSON Schema of config files there, for editors, and print nothing",
    "FILE"
  )
}

/** `moco settings`: lists what a config says, from the Schema that it is checked by. */
export const settings = Command.make(
  "settings",
  flags,
  Effect.fn("cli.settings")(function* ({ json, jsonSchema, path, recipe }) {
    if (Option.isSome(jsonSchema)) {
      const text = `${JSON.stringify(configFileSchema(Object.keys(recipes)), null, 2)}\n`
      return yield* RunFolder.writeFile(jsonSchema.value, new TextEncoder().encode(text))
    }
    const config = yield* recipeConfig(recipe)
    const all = settingGroups(config)
    const groups = Option.isNone(path) ? all : yield* under(all, path.value)
    if (json)
      return yield* Console.log(
        JSON.stringify({ recipe: config.recipe, settings: groups.flatMap((group) => group.settings) })
      )
    yield* Console.log(renderSettings(groups, config.recipe))
  })
).pipe(
  Command.withDescription(
    "List every setting: its value in a recipe, type, range, unit and meaning; or write their JSON Schema"
  ),
  Command.withExamples([
    { command: "npx moco settings", description: "every setting" },
    { command: "npx moco settings optimizer --recipe=fashionMnist", description: "a section, in a recipe" },
    { command: "npx moco settings --json-schema=config.schema.json", description: "for an editor" }
  ])
)
