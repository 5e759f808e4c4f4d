import { Record as Records, Schema } from "effect"
import { descriptionOf, type Field, unitOf } from "./fields.ts"
import { RunConfig } from "./schema.ts"

/** A JSON Schema, as far as it is looked into here. */
export interface JsonSchema {
  readonly type?: string
  readonly description?: string
  /** What a number counts or measures: not a word of JSON Schema, and left out of what editors get. */
  readonly unit?: string
  readonly enum?: ReadonlyArray<unknown>
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: ReadonlyArray<string>
  readonly additionalProperties?: boolean
  readonly anyOf?: ReadonlyArray<JsonSchema>
  readonly allOf?: ReadonlyArray<JsonSchema>
  readonly items?: JsonSchema
  readonly minItems?: number
  readonly maxItems?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
}

/** The config's Schema as JSON Schema (draft 2020-12). */
export const runConfigSchema = (): JsonSchema => {
  const { definitions, schema } = Schema.toJsonSchemaDocument(RunConfig)
  if (Object.keys(definitions).length > 0) throw new Error("a definition that is referred to would be lost")
  return described(schema as JsonSchema, RunConfig.ast)
}

/** With the descriptions that are lost on their way: of fields with a check that JSON Schema has no words for. */
const described = (schema: JsonSchema, field: Field | undefined): JsonSchema => {
  const { anyOf, properties, ...rest } = schema
  const members = field?._tag === "Union" ? field.types : []
  const fields = field?._tag === "Objects" ? field.propertySignatures : []
  const description = rest.description ?? descriptionOf(field)
  const unit = unitOf(field)
  return {
    ...rest,
    ...(description === undefined ? {} : { description }),
    ...(unit === undefined ? {} : { unit }),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map((member, i) => described(member, members[i])) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Records.map(properties, (inner, key) =>
            described(inner, fields.find(({ name }) => name === key)?.type)
          )
        })
  }
}

/**
 * What an editor checks a config file with. Nothing is required, since a file lies over a recipe; and no key is allowed
 * that is not known, as when it is read.
 *
 * @param recipes  names that `recipe` may have
 */
export const configFileSchema = (recipes: ReadonlyArray<string>) => {
  const part = asPart(runConfigSchema())
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "moco-effect config",
    ...part,
    description: "settings that are laid over a recipe's (moco train --config=FILE)",
    properties: {
      $schema: { type: "string", description: "this schema, for editors; the program does not read it" },
      ...part.properties,
      recipe: { ...part.properties?.["recipe"], enum: recipes }
    }
  }
}

/**
 * The schema of a part of what `schema` describes: nothing is required, nothing unknown is allowed, and what a config may
 * do without is left out by `null`.
 */
const asPart = ({
  additionalProperties: _,
  anyOf,
  properties,
  required = [],
  unit: __,
  ...rest
}: JsonSchema): JsonSchema => ({
  ...rest,
  ...(anyOf === undefined ? {} : { anyOf: anyOf.map(asPart) }),
  ...(properties === undefined
    ? {}
    : {
        properties: Object.fromEntries(
          Object.entries(properties).map(([key, value]) => [
            key,
            required.includes(key) ? asPart(value) : { anyOf: [asPart(value), { type: "null" }] }
          ])
        ),
        additionalProperties: false
      })
})
