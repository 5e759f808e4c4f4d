import { line } from "@moco/core/Escape"
import {
  type DataType,
  type Global,
  integersOf,
  type NdArray,
  nameOf,
  PickleFault,
  shown,
  type Value
} from "./values.ts"

/** What may be named, and what it stands for; NumPy 2 has moved one of them. */
const allowed: ReadonlyMap<string, "reconstruct" | "ndarray" | "dtype" | "encode"> = new Map([
  ["numpy.core.multiarray._reconstruct", "reconstruct"],
  ["numpy._core.multiarray._reconstruct", "reconstruct"],
  ["numpy.ndarray", "ndarray"],
  ["numpy.dtype", "dtype"],
  ["_codecs.encode", "encode"]
])

/** A name, where it is one of the few that arrays are made of. */
export const globalOf = (name: string): Global => {
  if (!allowed.has(name)) {
    throw new PickleFault(line(name), "is none of the names that arrays of numbers need, and is not called")
  }
  return { kind: "global", name }
}

/** What a pickle asks to be called with these arguments; it is made here, by what the name stands for. */
export const reduced = (callee: Value, argument: Value): Value => {
  const isCall =
    isObject(callee) && callee.kind === "global" && isObject(argument) && argument.kind === "tuple"
  if (!isCall) throw new PickleFault(shown(callee), "must be a name with a tuple of arguments")
  const { items } = argument
  switch (allowed.get(callee.name)) {
    case "reconstruct": {
      const [of] = items
      const isArray = isObject(of) && of.kind === "global" && allowed.get(of.name) === "ndarray"
      if (!isArray) throw new PickleFault(shown(of), "must be numpy.ndarray")
      return { kind: "array", shape: undefined, data: undefined }
    }
    case "dtype":
      return { kind: "dtype", code: nameOf(items[0]) }
    case "encode": {
      const [text, encoding] = items
      const isText = isObject(text) && text.kind === "text" && !text.isBytes
      if (!isText) throw new PickleFault(shown(text), "must be a text")
      const name = nameOf(encoding)
      if (name !== "latin1") throw new PickleFault(line(name), "must be latin1, as Python 3 writes bytes")
      return { ...text, isBytes: true }
    }
    default:
      throw new PickleFault(callee.name, "must be a function that makes an array or its type")
  }
}

/** Tells an array, or a type, its state. */
export const build = (value: Value | undefined, state: Value): void => {
  if (!isObject(value) || (value.kind !== "array" && value.kind !== "dtype")) {
    throw new PickleFault(shown(value), "must be an array or its type, which alone have a state")
  }
  if (!isObject(state) || state.kind !== "tuple") throw new PickleFault(shown(state), "must be a tuple")
  // Of a type the state says the order of bytes, of which an unsigned byte has none.
  if (value.kind === "array") buildArray(value, state.items)
}

const buildArray = (array: NdArray, items: ReadonlyArray<Value>): void => {
  const [, shape, type, isColumnMajor, data] = items
  if (!isObject(type) || type.kind !== "dtype" || type.code !== unsignedByte.code) {
    const value = isObject(type) && type.kind === "dtype" ? line(type.code) : shown(type)
    throw new PickleFault(value, `must be ${unsignedByte.code}, unsigned bytes`)
  }
  if (isColumnMajor !== false) throw new PickleFault(shown(isColumnMajor), "must be False: row after row")
  const isData = isObject(data) && (data.kind === "bytes" || (data.kind === "text" && data.isBytes))
  if (!isData) throw new PickleFault(shown(data), "must be the array's bytes")
  array.shape = integersOf(shape)
  array.data = data
}

const unsignedByte: DataType = { kind: "dtype", code: "u1" }

const isObject = (value: Value | undefined) => value !== null && typeof value === "object"
