import { nearest } from "@moco/train/RunConfig/nearest"
import { shorten } from "@moco/train/RunConfig/Problem"
import type { SettingGroup } from "@moco/train/RunConfig/settings"
import { Effect, Schema } from "effect"

/** There is no setting and no section of that name. */
export class SettingUnknown extends Schema.TaggedError<SettingUnknown>()("SettingUnknown", {
  name: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `${shorten(this.name, 100)} is no setting and no section of a config\n  ${this.hint}`
  }
}

/** The settings at `path` or under it. */
export const under = Effect.fnUntraced(function* (groups: ReadonlyArray<SettingGroup>, path: string) {
  const found = groups
    .map((group) => ({
      ...group,
      settings: group.settings.filter((setting) => `${setting.path}.`.startsWith(`${path}.`))
    }))
    .filter((group) => group.settings.length > 0)
  return found.length > 0 ? found : yield* new SettingUnknown({ name: path, hint: hintFor(groups, path) })
})

const hintFor = (groups: ReadonlyArray<SettingGroup>, path: string): string => {
  const paths = [...new Set(groups.flatMap(({ settings }) => settings.map((setting) => setting.path)))]
  const sections = groups.flatMap(({ name }) => (name === "" ? [] : [name]))
  const lastOf = (setting: string) => setting.slice(setting.lastIndexOf(".") + 1)
  const near = nearest(path, [...sections, ...paths])
  const last = nearest(path, paths.map(lastOf))
  const meant = near !== undefined ? [near] : paths.filter((setting) => lastOf(setting) === last)
  return meant.length === 0 ? `sections: ${sections.join(", ")}` : `did you mean ${meant.join(" or ")}?`
}
