/** What a pickle of arrays and lists is made of. Bytes are views of the file; nothing is copied before it is asked for. */
export type Value = number | boolean | null | Bytes | Text | Sequence | Dict | Global | DataType | NdArray

/** A string of Python 2, or bytes. */
export interface Bytes {
  readonly kind: "bytes"
  readonly bytes: Uint8Array
}

/** Characters as UTF-8; `isBytes` where Python 3 wrote bytes, each as the character of its number. */
export interface Text {
  readonly kind: "text"
  readonly utf8: Uint8Array
  readonly isBytes: boolean
}

export interface Sequence {
  readonly kind: "list" | "tuple"
  readonly items: Array<Value>
}

export interface Dict {
  readonly kind: "dict"
  readonly entries: Map<string, Value>
}

/** A function or class that was named, e.g. `numpy.dtype`. Nothing of that name is ever called. */
export interface Global {
  readonly kind: "global"
  readonly name: string
}

/** The type of an array's numbers, e.g. `u1`. */
export interface DataType {
  readonly kind: "dtype"
  readonly code: string
}

/** An array; without a shape until its state was told. */
export interface NdArray {
  readonly kind: "array"
  shape: ReadonlyArray<number> | undefined
  data: Bytes | Text | undefined
}

/** Is thrown inside of this folder alone, and told as the problem that was found at a byte of the file. */
export class PickleFault extends Error {
  readonly value: string

  constructor(value: string, problem: string) {
    super(problem)
    this.value = value
  }
}

/** A value in a few words. */
export const shown = (value: Value | undefined): string => {
  if (value === undefined) return "nothing"
  if (value === null || typeof value !== "object") return String(value)
  if (value.kind === "global") return value.name
  return value.kind === "list" || value.kind === "tuple"
    ? `a ${value.kind} of ${value.items.length}`
    : `a value of kind ${value.kind}`
}

/** The most characters of a name. */
const maxName = 256

/** A short string, as it is written in either version of Python. */
export const nameOf = (value: Value | undefined): string => {
  const isString =
    value !== null && typeof value === "object" && (value.kind === "bytes" || value.kind === "text")
  if (!isString) throw new PickleFault(shown(value), "must be a string")
  const bytes = value.kind === "bytes" ? value.bytes : value.utf8
  if (bytes.length > maxName) {
    throw new PickleFault(`${bytes.length} bytes`, `must be a name of at most ${maxName} bytes`)
  }
  return new TextDecoder().decode(bytes)
}

/** Whole numbers of a tuple, e.g. a shape. */
export const integersOf = (value: Value | undefined): ReadonlyArray<number> => {
  if (value === null || typeof value !== "object" || value.kind !== "tuple") {
    throw new PickleFault(shown(value), "must be a tuple of numbers")
  }
  return value.items.map((item) => {
    if (typeof item !== "number") throw new PickleFault(shown(item), "must be a number")
    return item
  })
}
