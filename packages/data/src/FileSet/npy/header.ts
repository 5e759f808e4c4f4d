import { Result } from "effect"

/** What an array's file says of the array. */
export interface NpyHeader {
  /** Of an element, as NumPy writes it: `|u1` is an unsigned byte, `<i8` a little-endian integer of 8 bytes. */
  readonly descr: string
  readonly fortranOrder: boolean
  readonly shape: ReadonlyArray<number>
  /** Where the elements begin. */
  readonly dataAt: number
}

/** What is wrong with a file that should hold an array. */
export interface NpyFault {
  readonly field: string
  readonly value: string
  readonly problem: string
}

/** Magic bytes, version, and the length of what follows in two bytes or in four. */
const preambleBytes = 12

/** As long as the header of an array without fields gets; NumPy refuses more than 10,000. */
const maxHeaderBytes = 2 ** 16

/** Bytes at the beginning of a file in which its header is. */
export const maxNpyHeader = preambleBytes + maxHeaderBytes

/**
 * Reads the header of an array that `numpy.save` has written, of any of its versions.
 *
 * It is the text of a Python dictionary. Three keys of it are known, and values of the kinds that these have: nothing is
 * evaluated.
 *
 * @param start  the file's first bytes, {@link maxNpyHeader} or all that it has
 */
export const readNpyHeader = (start: Uint8Array): Result.Result<NpyHeader, NpyFault> => {
  const fail = (field: string, value: string, problem: string) => Result.fail({ field, value, problem })
  const isNpy = start.length >= preambleBytes && magic.every((byte, at) => start[at] === byte)
  if (!isNpy)
    return fail("its first bytes", "others", "must be those of an array that numpy.save has written")
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength)
  const version = start[6]!
  if (version < 1 || version > 3) return fail("version", String(version), "must be 1, 2 or 3")
  const [textAt, length] = version === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)]
  if (length > maxHeaderBytes) return fail("header", `${length} bytes`, `must be at most ${maxHeaderBytes}`)
  const dataAt = textAt + length
  if (dataAt > start.length)
    return fail("header", `${start.length - textAt} bytes`, `must be ${length}: it was cut off`)
  const text = new TextDecoder(version === 3 ? "utf-8" : "latin1").decode(start.subarray(textAt, dataAt))
  const { descr, fortran_order, shape: sides } = entriesOf(text) ?? {}
  const shape = sides === undefined ? undefined : sidesOf(sides)
  if (descr === undefined || fortran_order === undefined || shape === undefined) {
    return fail("header", text.trim(), "must be a dictionary of descr, fortran_order and shape")
  }
  return Result.succeed({
    descr: descr.replace(/^['"]|['"]$/g, ""),
    fortranOrder: fortran_order === "True",
    shape,
    dataAt
  })
}

/** The numbers of a tuple; Python 2 writes some with an L behind. */
const sidesOf = (tuple: string): ReadonlyArray<number> | undefined => {
  const parts = tuple.slice(1, -1).split(",")
  // A tuple of one number has a comma behind it, one of none has nothing.
  if (parts.at(-1)!.trim() === "") parts.pop()
  const isNumber = parts.every((part) => /^ *\d{1,15}L? *$/.test(part))
  return isNumber ? parts.map((part) => Number.parseInt(part, 10)) : undefined
}

const magic = [0x93, ...Array.from("NUMPY", (letter) => letter.charCodeAt(0))]

/** Values that each key may have; those of fields are refused by name, later. */
const forms = {
  descr: /\s*'descr'\s*:\s*('[^']*'|"[^"]*"|\[[^{}]*\])\s*,?/y,
  fortran_order: /\s*'fortran_order'\s*:\s*(True|False)\s*,?/y,
  shape: /\s*'shape'\s*:\s*(\([\dL, ]{0,400}\))\s*,?/y
} as const

type Entries = { -readonly [Key in keyof typeof forms]?: string }

/** The entries of the dictionary, each once; nothing where the text is anything else. */
const entriesOf = (text: string): Entries | undefined => {
  const body = text.trim()
  if (!body.startsWith("{") || !body.endsWith("}")) return undefined
  const entries: Entries = {}
  let at = 1
  while (body.slice(at).trim() !== "}") {
    const before = at
    for (const key of keys) {
      const form = forms[key]
      form.lastIndex = at
      const found = entries[key] === undefined ? form.exec(body) : null
      if (found === null) continue
      entries[key] = found[1]!
      at = form.lastIndex
    }
    if (at === before) return undefined
  }
  return entries
}

const keys = Object.keys(forms) as ReadonlyArray<keyof typeof forms>
