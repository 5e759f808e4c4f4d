import * as SchemaAST from "effect/SchemaAST"

/** Part of the config's Schema: a section or a value. */
export type Field = SchemaAST.AST

/** What a field is for, from its `description`. */
export const descriptionOf = (field: Field | undefined): string | undefined =>
  field && SchemaAST.resolveDescription(field)

/** What the numbers of a field count or measure, from its `unit`. */
export const unitOf = (field: Field | undefined): string | undefined =>
  field && SchemaAST.resolveAt<string>("unit")(field)

/** Whether a config may do without a field. */
export const isOptional = (field: Field): boolean => SchemaAST.isOptional(field)

/** The values of a choice, or none where the field is not a choice. */
export const choicesOf = (field: Field): ReadonlyArray<string> => {
  if (field._tag === "Literal") return [String(field.literal)]
  return field._tag === "Union" ? field.types.flatMap(choicesOf) : []
}

/** The kinds of a section that is told apart by `kind`, or none. */
export const kindsOf = (field: Field): ReadonlyArray<string> =>
  field._tag === "Union" ? field.types.flatMap((member) => kindOf(member) ?? []) : []

/** The keys that `value` may have here; for a section with kinds, those of its kind. */
export const keysOf = (field: Field, value: unknown): ReadonlyArray<string> => {
  const section = sectionOf(field, value)
  return section ? section.propertySignatures.map(({ name }) => String(name)) : []
}

/** The field at `path`; `root` decides which kind of a section is meant. */
export const fieldAt = (field: Field, root: unknown, path: ReadonlyArray<PropertyKey>): Field | undefined => {
  let current: Field | undefined = field
  let value = root
  for (const key of path) {
    if (current === undefined) return undefined
    current = childOf(current, value, key)
    value = valueAt(value, [key])
  }
  return current
}

/** What stands in `value` at `path`; only own keys count. */
export const valueAt = (value: unknown, path: ReadonlyArray<PropertyKey>): unknown =>
  path.reduce<unknown>(
    (current, key) => (isObject(current) && Object.hasOwn(current, key) ? current[key] : undefined),
    value
  )

/** An object or array, whose own keys may be looked up. */
export const isObject = (value: unknown): value is Record<PropertyKey, unknown> =>
  typeof value === "object" && value !== null

const childOf = (field: Field, value: unknown, key: PropertyKey): Field | undefined =>
  field._tag === "Arrays"
    ? field.rest[0]
    : sectionOf(field, value)?.propertySignatures.find(({ name }) => name === key)?.type

const sectionOf = (field: Field, value: unknown): SchemaAST.Objects | undefined => {
  if (field._tag === "Objects") return field
  const kind = valueAt(value, ["kind"])
  const members = field._tag === "Union" ? field.types.filter(SchemaAST.isObjects) : []
  return members.find((member) => kindOf(member) === kind)
}

const kindOf = (member: Field): string | undefined => {
  if (member._tag !== "Objects") return undefined
  const kind = member.propertySignatures.find(({ name }) => name === "kind")?.type
  return kind?._tag === "Literal" ? String(kind.literal) : undefined
}
