import { Result } from "effect"
import { Machine } from "./Pickle/Machine.ts"
import { ops, stop } from "./Pickle/ops.ts"
import { Reader } from "./Pickle/Reader.ts"
import { type Dict, PickleFault, shown, type Value } from "./Pickle/values.ts"

export type { Value } from "./Pickle/values.ts"

/** What was found where a pickle could not be read: `value` at byte `offset`, which `problem` says what it must be. */
export interface PickleProblem {
  readonly offset: number
  readonly value: string
  readonly problem: string
}

/**
 * Reads a pickled dictionary of lists, numbers, strings and NumPy's arrays of unsigned bytes: what Python 2 wrote with
 * protocol 2, in which data sets were published, and what Python 3 writes with it.
 *
 * A pickle is a program that may ask for any function to be called. Nothing is called here: a few names are known, and
 * what they stand for is made; all others are refused by their name. Strings and arrays are views of `bytes`, so memory is
 * asked for the values alone, of which there are no more than `maxOps`.
 *
 * @param maxOps  instructions that are followed; a string, a number or an array's bytes is one each
 */
export const read = (
  bytes: Uint8Array,
  { maxOps }: { readonly maxOps: number }
): Result.Result<Dict, PickleProblem> => {
  const reader = new Reader(bytes)
  let offset = 0
  try {
    const machine = new Machine()
    for (let numOps = 1; ; numOps++) {
      offset = reader.at
      if (numOps > maxOps) throw new PickleFault(String(numOps), `must be at most ${maxOps} instructions`)
      const op = reader.uint8()
      if (op === stop) return Result.succeed(dictOf(machine.pop()))
      const follow = ops[op]
      if (follow === undefined) {
        throw new PickleFault(`instruction 0x${op.toString(16)}`, "is none that arrays of numbers need")
      }
      follow(machine, reader)
    }
  } catch (fault) {
    if (!(fault instanceof PickleFault)) throw fault
    return Result.fail({ offset, value: fault.value, problem: fault.message })
  }
}

const dictOf = (value: Value): Dict => {
  if (typeof value !== "object" || value?.kind !== "dict") {
    throw new PickleFault(shown(value), "must be a dictionary")
  }
  return value
}

/**
 * The bytes of a string or of an array; those that Python 3 wrote as characters are brought back, in memory of their own.
 *
 * @returns none where there are not `length` of them
 */
export const bytesOf = (value: Value | undefined, length: number): Uint8Array | undefined => {
  if (value === null || typeof value !== "object") return undefined
  if (value.kind === "bytes") return value.bytes.length === length ? value.bytes : undefined
  return value.kind === "text" && value.isBytes ? fromLatin1(value.utf8, length) : undefined
}

/** Bytes from the characters of their numbers; UTF-8 writes those from 128 on as two bytes, 110000xx 10xxxxxx. */
const fromLatin1 = (utf8: Uint8Array, length: number): Uint8Array | undefined => {
  // Each is one byte or two; nothing is asked for that cannot be filled.
  if (utf8.length < length || utf8.length > 2 * length) return undefined
  const bytes = new Uint8Array(length)
  let to = 0
  for (let from = 0; from < utf8.length; from++, to++) {
    const first = utf8[from]!
    if (first < 0x80) bytes[to] = first
    else {
      const second = utf8[++from]
      if ((first !== 0xc2 && first !== 0xc3) || second === undefined || (second & 0xc0) !== 0x80)
        return undefined
      bytes[to] = ((first & 0x03) << 6) | (second & 0x3f)
    }
  }
  return to === length ? bytes : undefined
}
