import { Predicate, Result, Schema } from "effect"
import { isImageName } from "../../Decode/format.ts"
import type { ClassKey } from "../told.ts"
import type { TarFault } from "./header.ts"

/** Bytes of a label; a file of more is none. */
const maxBytes = { cls: 2 ** 10, json: 2 ** 20 } as const

/** A class that counts from 0, far above the largest sets. */
const maxLabel = 2 ** 31 - 1

/**
 * What the files of a sample have in common, and what this one is of it: `a/7.jpg` and `a/7.cls` are of `a/7`. The name
 * goes up to its first dot, as WebDataset has it.
 */
export const sampleOf = (name: string): { readonly key: string; readonly ending: string } => {
  const dot = name.indexOf(".", name.lastIndexOf("/") + 1)
  return dot < 0
    ? { key: name, ending: "" }
    : { key: name.slice(0, dot), ending: name.slice(dot + 1).toLowerCase() }
}

/** How a file of a sample may tell its class. */
export type LabelForm = keyof typeof maxBytes

/** Whether a file is a label, by its name and size. */
export const labelFormOf = (name: string, size: number): LabelForm | undefined => {
  const { ending } = sampleOf(name)
  if (isImageName(name)) return undefined
  return (ending === "cls" || ending === "json") && size <= maxBytes[ending] ? ending : undefined
}

const fromJson = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Unknown))

/**
 * The class that a `.cls` or a `.json` file tells of: a number, or a name.
 *
 * @returns nothing where JSON has no `label`
 */
export const readLabel = (
  form: LabelForm,
  bytes: Uint8Array
): Result.Result<ClassKey | undefined, TarFault> => {
  const text = new TextDecoder().decode(bytes).trim()
  if (form === "cls") return checked(/^[+-]?\d+$/.test(text) ? Number(text) : text)
  const decoded = fromJson(text)
  if (Result.isFailure(decoded)) return Result.fail({ value: text, problem: "must be JSON" })
  if (!Predicate.hasProperty(decoded.success, "label")) return Result.succeed(undefined)
  const { label } = decoded.success
  if (label === null) return Result.succeed(undefined)
  if (typeof label === "number" || typeof label === "string") return checked(label)
  return Result.fail({ value: `"label": ${JSON.stringify(label)}`, problem: "must be a number or a name" })
}

const maxName = 200

const checked = (label: ClassKey): Result.Result<ClassKey, TarFault> => {
  const value = String(label)
  if (typeof label === "number") {
    return Number.isInteger(label) && label >= 0 && label <= maxLabel
      ? Result.succeed(label)
      : Result.fail({ value, problem: `must be a class, 0 to ${maxLabel}` })
  }
  return label.length > 0 && label.length <= maxName
    ? Result.succeed(label)
    : Result.fail({ value, problem: `must be a class: a number, or a name of 1 to ${maxName} characters` })
}
