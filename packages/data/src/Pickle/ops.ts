import { build, globalOf, reduced } from "./globals.ts"
import type { Machine } from "./Machine.ts"
import type { Reader } from "./Reader.ts"
import { nameOf, PickleFault, type Value } from "./values.ts"

type Op = (machine: Machine, reader: Reader) => void

/** Ends a pickle; what is left on the machine is its value. */
export const stop = 0x2e

const bytesOf = (reader: Reader, length: number): Value => ({ kind: "bytes", bytes: reader.take(length) })

const sequence = (kind: "list" | "tuple", items: Array<Value>): Value => ({ kind, items })

const setItems = (machine: Machine, items: ReadonlyArray<Value>): void => {
  const entries = machine.dict()
  if (items.length % 2 !== 0) throw new PickleFault(`${items.length} values`, "must be keys with values")
  for (let at = 0; at < items.length; at += 2) entries.set(nameOf(items[at]), items[at + 1]!)
}

const whole = (text: string): number => {
  if (!/^-?\d{1,15}$/.test(text)) throw new PickleFault(JSON.stringify(text), "must be a whole number")
  return Number(text)
}

/** `I` writes whole numbers, and before protocol 2 what is true or false. */
const integerLine = (text: string): Value => (text === "01" ? true : text === "00" ? false : whole(text))

const protocol = (version: number): void => {
  if (version > 2) throw new PickleFault(`protocol ${version}`, "must be 2 or below")
}

/**
 * The instructions of protocols 1 and 2 that dictionaries, lists, numbers, strings and arrays are written with, by their
 * byte. Not among them is what makes an object of a class, or looks one up elsewhere (`NEWOBJ`, `INST`, `OBJ`, `PERSID`,
 * `EXT1`): nothing here could make one.
 */
export const ops: Readonly<Record<number, Op>> = {
  // PROTO
  128: (_, reader) => protocol(reader.uint8()),
  // NONE, NEWTRUE, NEWFALSE
  78: (machine) => machine.push(null),
  136: (machine) => machine.push(true),
  137: (machine) => machine.push(false),
  // INT, BININT, BININT1, BININT2, LONG1
  73: (machine, reader) => machine.push(integerLine(reader.line())),
  74: (machine, reader) => machine.push(reader.int32()),
  75: (machine, reader) => machine.push(reader.uint8()),
  77: (machine, reader) => machine.push(reader.uint16()),
  138: (machine, reader) => machine.push(reader.long(reader.uint8())),
  // BINSTRING, SHORT_BINSTRING, BINUNICODE
  84: (machine, reader) => machine.push(bytesOf(reader, reader.uint32())),
  85: (machine, reader) => machine.push(bytesOf(reader, reader.uint8())),
  88: (machine, reader) => machine.push({ kind: "text", utf8: reader.take(reader.uint32()), isBytes: false }),
  // EMPTY_LIST, APPEND, APPENDS
  93: (machine) => machine.push(sequence("list", [])),
  97: (machine) => {
    const item = machine.pop()
    machine.list().push(item)
  },
  101: (machine) => {
    const items = machine.takeToMark()
    const list = machine.list()
    for (const item of items) list.push(item)
  },
  // MARK, TUPLE, EMPTY_TUPLE, TUPLE1, TUPLE2, TUPLE3
  40: (machine) => machine.mark(),
  116: (machine) => machine.push(sequence("tuple", machine.takeToMark())),
  41: (machine) => machine.push(sequence("tuple", [])),
  133: (machine) => machine.push(sequence("tuple", machine.take(1))),
  134: (machine) => machine.push(sequence("tuple", machine.take(2))),
  135: (machine) => machine.push(sequence("tuple", machine.take(3))),
  // EMPTY_DICT, SETITEM, SETITEMS
  125: (machine) => machine.push({ kind: "dict", entries: new Map() }),
  115: (machine) => setItems(machine, machine.take(2)),
  117: (machine) => setItems(machine, machine.takeToMark()),
  // BINPUT, LONG_BINPUT, BINGET, LONG_BINGET
  113: (machine, reader) => machine.put(reader.uint8()),
  114: (machine, reader) => machine.put(reader.uint32()),
  104: (machine, reader) => machine.get(reader.uint8()),
  106: (machine, reader) => machine.get(reader.uint32()),
  // GLOBAL, REDUCE, BUILD
  99: (machine, reader) => machine.push(globalOf(`${reader.line()}.${reader.line()}`)),
  82: (machine) => {
    const argument = machine.pop()
    machine.push(reduced(machine.pop(), argument))
  },
  98: (machine) => {
    const state = machine.pop()
    build(machine.top(), state)
  }
}
