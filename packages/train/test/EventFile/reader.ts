import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { maskedCrc32c } from "@moco/train/EventFile/crc32c"

/** A field of a message by its number: an integer, the bytes of a number, or those of a text, a message or a list. */
type Message = ReadonlyMap<number, ReadonlyArray<number | Buffer>>

/** A small reader of protocol buffers, written for what the tests look at. */
export const decodeMessage = (bytes: Buffer): Message => {
  const fields = new Map<number, Array<number | Buffer>>()
  let at = 0
  const varint = () => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  const take = (length: number) => {
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const key = varint()
    const read = { 0: varint, 1: () => take(8), 2: () => take(varint()), 5: () => take(4) }[key % 8]
    if (read === undefined) throw new Error(`no field begins with ${key}`)
    const value = read()
    const field = Math.floor(key / 8)
    fields.set(field, [...(fields.get(field) ?? []), value])
  }
  return fields
}

/** The data of the records in a file, up to one that is torn. */
export const recordsIn = (bytes: Buffer): ReadonlyArray<Buffer> => {
  const records: Array<Buffer> = []
  for (let at = 0; at + 12 <= bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at))
    if (maskedCrc32c(bytes.subarray(at, at + 8)) !== bytes.readUInt32LE(at + 8)) throw new Error("no length")
    const data = bytes.subarray(at + 12, at + 12 + length)
    at += 16 + length
    if (at > bytes.length) break
    if (maskedCrc32c(data) !== bytes.readUInt32LE(at - 4)) throw new Error("no data")
    records.push(data)
  }
  return records
}

export interface ReadValue {
  readonly tag: string
  readonly value: number | undefined
  readonly title: string | undefined
}

/** What an event says, where it says that. */
export interface ReadEvent {
  /** Milliseconds since 1970. */
  readonly time: number
  readonly step: number
  readonly version: string | undefined
  readonly isRestart: boolean
  readonly values: ReadonlyArray<ReadValue>
}

export const decodeEvent = (bytes: Buffer): ReadEvent => {
  const event = decodeMessage(bytes)
  const values = [...(event.get(5) ?? [])].flatMap((summary) => {
    const found = decodeMessage(summary as Buffer).get(1) ?? []
    return found.map((value) => valueOf(decodeMessage(value as Buffer)))
  })
  return {
    time: (event.get(1)![0] as Buffer).readDoubleLE() * 1000,
    step: (event.get(2)?.[0] ?? 0) as number,
    version: event.get(3)?.toString(),
    isRestart: event.has(7),
    values
  }
}

const valueOf = (value: Message): ReadValue => {
  const about = value.get(9)?.[0] as Buffer | undefined
  return {
    tag: String(value.get(1)![0]),
    value: (value.get(2)?.[0] as Buffer | undefined)?.readFloatLE(),
    title: about && String(decodeMessage(about).get(2)![0])
  }
}

/** Event files in a folder, in the order in which TensorBoard reads them. */
export const eventFilesIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder)
    .filter((name) => name.includes("tfevents"))
    .toSorted()
    .map((name) => join(folder, name))

export const eventsIn = (folder: string): ReadonlyArray<ReadEvent> =>
  eventFilesIn(folder).flatMap((file) => recordsIn(readFileSync(file)).map(decodeEvent))

/** Step and value of the numbers of a tag that are not out of date, as TensorBoard looks through a run's files. */
export const shownOf = (
  events: ReadonlyArray<ReadEvent>,
  tag: string
): ReadonlyArray<readonly [number, number]> =>
  events.reduce<ReadonlyArray<readonly [number, number]>>((shown, { isRestart, step, values }) => {
    const kept = isRestart ? shown.filter(([before]) => before < step) : shown
    return [...kept, ...values.flatMap((found) => (found.tag === tag ? [[step, found.value!] as const] : []))]
  }, [])
