import { type Field, fieldAt, isObject, isOptional, keysOf, valueAt } from "./fields.ts"

/**
 * Lays `layer` over `base`: sections are merged key by key, everything else is replaced, lists too.
 *
 * Where a layer changes the `kind` of a section, the section keeps only those of its keys that the new kind knows. What
 * may be absent is taken out by `null`.
 */
export const overlay = (field: Field | undefined, base: unknown, layer: unknown): unknown => {
  if (!isSection(base) || !isSection(layer)) return layer
  const merged = Object.hasOwn(layer, "kind") ? keepKnown(field, base, layer) : { ...base }
  for (const key of Object.keys(layer)) {
    const child = field && fieldAt(field, layer, [key])
    if (layer[key] === null && child !== undefined && isOptional(child)) delete merged[key]
    else set(merged, key, overlay(child, valueAt(base, [key]), layer[key]))
  }
  return merged
}

/** `--set` pairs as one layer: `{ "loss.temperature": "0.1" }` as `{ loss: { temperature: 0.1 } }`. */
export const layerOfSets = (sets: Readonly<Record<string, string>>): Record<string, unknown> => {
  const layer: Record<string, unknown> = {}
  for (const [path, text] of Object.entries(sets)) {
    const keys = path.split(".")
    let section = layer
    for (const key of keys.slice(0, -1)) {
      const inner = valueAt(section, [key])
      const next: Record<string, unknown> = isSection(inner) ? inner : {}
      set(section, key, next)
      section = next
    }
    set(section, keys.at(-1)!, parseValue(text))
  }
  return layer
}

type Section = Record<PropertyKey, unknown>

/** Whether `value` has keys: an object that is no list. */
export const isSection = (value: unknown): value is Section => isObject(value) && !Array.isArray(value)

/** Defines instead of assigning, so that a key named `__proto__` is a key like any other. */
const set = (section: Section, key: string, value: unknown) =>
  Object.defineProperty(section, key, { value, enumerable: true, configurable: true, writable: true })

const keepKnown = (field: Field | undefined, base: Section, layer: Section): Section => {
  if (base["kind"] === layer["kind"]) return { ...base }
  const known = field ? keysOf(field, layer) : []
  return Object.fromEntries(Object.entries(base).filter(([key]) => known.includes(key)))
}

/** JSON where it is JSON, else the text itself, so that words need no quotes. */
const parseValue = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
