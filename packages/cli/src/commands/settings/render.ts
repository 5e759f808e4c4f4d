import { renderValue } from "@moco/train/RunConfig/Problem"
import type { Setting, SettingGroup } from "@moco/train/RunConfig/settings"
import { indented } from "../../commandLine/wrap.ts"

/** Settings for people, in lines of at most 80 columns: each with its value in the recipe, and what may stand there. */
export const renderSettings = (groups: ReadonlyArray<SettingGroup>, recipe: string): string =>
  [...groups.map(groupLines), closing(recipe)].map((lines) => lines.join("\n")).join("\n\n")

const closing = (recipe: string) =>
  indented(
    `The values are those of recipe ${recipe}. To change one: npx moco train --set PATH=VALUE; to change many: --config=FILE.`,
    0
  )

const groupLines = ({ meaning, name, settings }: SettingGroup): ReadonlyArray<string> => [
  ...indented([name, meaning].filter((part) => part !== "").join(": "), 0),
  ...settings.flatMap(settingLines)
]

const settingLines = (setting: Setting): ReadonlyArray<string> => {
  const { kinds, meaning, path, range, type, unit, value } = setting
  const kind = `${path.slice(0, path.lastIndexOf("."))}.kind`
  const facts = [
    range === "" ? type : `${type}, ${range}`,
    unit,
    kinds.length === 0 ? "" : `with ${kind} ${kinds.join(" or ")}`
  ].filter((fact) => fact !== "")
  const hasOwnMeaning = meaning !== "" && !path.endsWith(".kind")
  return [
    `  ${path}${value === undefined ? "" : ` = ${renderValue(value)}`}`,
    ...indented(facts.join("; "), 6),
    ...(hasOwnMeaning ? indented(meaning, 6) : [])
  ]
}
