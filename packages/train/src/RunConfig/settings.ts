import { valueAt } from "./fields.ts"
import { type JsonSchema, runConfigSchema } from "./jsonSchema.ts"

/** A setting, as whoever wants to change it needs to know it. */
export interface Setting {
  /** As `--set` takes it: `loss.temperature`. */
  readonly path: string
  /** The kinds of its section that have it, where not every kind has; such as `queue`. */
  readonly kinds: ReadonlyArray<string>
  /** In words: `whole number`, `number`, `true or false`, `text`, `list of whole numbers`, `one of cifar, imagenet`. */
  readonly type: string
  /** In words, empty where every value of the type will do: `1 to 8`, `above 0`. */
  readonly range: string
  /** What a number counts or measures; empty where the setting is no number. */
  readonly unit: string
  readonly meaning: string
  /** The value in a config, where it has one. */
  readonly value: unknown
}

/** Settings that belong together: a section of the config, or what stands outside of any. */
export interface SettingGroup {
  /** Empty for what stands outside of any. */
  readonly name: string
  readonly meaning: string
  readonly settings: ReadonlyArray<Setting>
}

/** Every setting there is, in the order of the config's Schema, with its value in `config`. */
export const settingGroups = (config: unknown): ReadonlyArray<SettingGroup> => {
  const sections = Object.entries(runConfigSchema().properties ?? {})
  const isSection = (schema: JsonSchema) => schema.properties !== undefined || hasKinds(schema)
  const outside = sections.filter(([, schema]) => !isSection(schema))
  const group = (name: string, meaning: string, members: typeof sections): SettingGroup => ({
    name,
    meaning,
    settings: members.flatMap(([key, schema]) => settingsIn(schema, key, [], config))
  })
  return [
    group("", "the run", outside),
    ...sections
      .filter(([, schema]) => isSection(schema))
      .map(([key, schema]) => group(key, schema.description ?? "", [[key, schema]]))
  ]
}

/** Every setting there is. */
export const settingsOf = (config: unknown): ReadonlyArray<Setting> =>
  settingGroups(config).flatMap(({ settings }) => settings)

type Kinds = ReadonlyArray<string>

const settingsIn = (
  schema: JsonSchema,
  path: string,
  kinds: Kinds,
  config: unknown
): ReadonlyArray<Setting> => {
  if (hasKinds(schema)) return settingsByKind(schema.anyOf ?? [], schema.description ?? "", path, config)
  if (schema.properties !== undefined) {
    return Object.entries(schema.properties).flatMap(([key, inner]) =>
      settingsIn(inner, `${path}.${key}`, kinds, config)
    )
  }
  const own = merged(schema)
  const number = own.type === "array" ? merged(own.items ?? {}) : own
  const isNumber = number.type === "integer" || number.type === "number"
  const value = valueAt(config, path.split("."))
  return [
    {
      path,
      kinds,
      type: typeOf(own),
      range: rangeOf(own),
      unit: isNumber ? (own.unit ?? "") : "",
      meaning: own.description ?? "",
      value
    }
  ]
}

/** The kinds of a section, and the settings of each; what several kinds have in common is told once. */
const settingsByKind = (
  members: ReadonlyArray<JsonSchema>,
  meaning: string,
  path: string,
  config: unknown
): ReadonlyArray<Setting> => {
  const names = members.map(kindOf)
  const kind: JsonSchema = { type: "string", enum: names, description: meaning }
  const found = new Map<string, Setting>()
  for (const [i, member] of members.entries()) {
    const isActive = valueAt(config, [...path.split("."), "kind"]) === names[i]
    const { kind: _, ...others } = member.properties ?? {}
    for (const setting of settingsIn({ properties: others }, path, [names[i]!], isActive ? config : {})) {
      const { kinds: __, value: ___, ...told } = setting
      const key = JSON.stringify(told)
      const before = found.get(key)
      found.set(key, {
        ...setting,
        kinds: [...(before?.kinds ?? []), ...setting.kinds],
        value: setting.value ?? before?.value
      })
    }
  }
  const inAll = (kinds: Kinds) => (kinds.length === names.length ? [] : kinds)
  return [
    ...settingsIn(kind, `${path}.kind`, [], config),
    ...[...found.values()].map((setting) => ({ ...setting, kinds: inAll(setting.kinds) }))
  ]
}

/** A section whose keys depend on its `kind`. */
const hasKinds = ({ anyOf }: JsonSchema): boolean =>
  anyOf?.every(({ properties }) => properties?.["kind"] !== undefined) ?? false

const kindOf = ({ properties }: JsonSchema): string => String(properties?.["kind"]?.enum?.[0])

/** With what stands beside it in `allOf`: several checks of one kind are told there. */
const merged = ({ allOf = [], ...own }: JsonSchema): JsonSchema => Object.assign({}, own, ...allOf)

const typeOf = (schema: JsonSchema): string => {
  if (schema.enum !== undefined) return `one of ${schema.enum.join(", ")}`
  switch (schema.type) {
    case "integer":
      return "whole number"
    case "number":
      return "number"
    case "boolean":
      return "true or false"
    case "array":
      return `list of ${typeOf(schema.items ?? {})}s`
    default:
      return "text"
  }
}

const rangeOf = (schema: JsonSchema): string => {
  if (schema.type === "array") return listRange(schema)
  const { exclusiveMaximum, exclusiveMinimum, maximum, minimum } = schema
  const largest = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum
  const wholeAbove =
    schema.type === "integer" && exclusiveMinimum !== undefined ? exclusiveMinimum + 1 : undefined
  const smallest = minimum ?? wholeAbove
  if (smallest !== undefined && largest !== undefined) return `${smallest} to ${largest}`
  const low =
    smallest !== undefined
      ? `${smallest} or more`
      : exclusiveMinimum !== undefined
        ? `above ${exclusiveMinimum}`
        : ""
  const high =
    largest !== undefined
      ? `at most ${largest}`
      : exclusiveMaximum !== undefined
        ? `below ${exclusiveMaximum}`
        : ""
  return [low, high].filter((part) => part !== "").join(", ")
}

const listRange = ({ items = {}, maxItems, minItems }: JsonSchema): string => {
  const each = rangeOf(merged(items))
  const length =
    maxItems === undefined ? `${minItems ?? 0} or more of them` : `${minItems ?? 0} to ${maxItems} of them`
  return [each === "" ? "" : `each ${each}`, length].filter((part) => part !== "").join(", ")
}
