import { gzipSync } from "node:zlib"
import type * as CounterRandom from "@moco/core/CounterRandom"
import { between } from "../random.ts"
import { packOf, packParts, signed } from "./dataSamples.ts"
import { mutateBytes, mutateJson } from "./mutate.ts"

type Mutate = (random: CounterRandom.CounterRandom, input: Uint8Array) => Uint8Array

/** Bytes at the ends of what a byte may be, in numbers of one byte, of several, and of groups of seven bits. */
const extremes = [0, 1, 2, 0x7f, 0x80, 0x81, 0xfe, 0xff]

/** Bytes that are others, where they are: nothing that stands behind them is moved. */
export const mutateInPlace =
  (from: number, to: (length: number) => number): Mutate =>
  (random, input) => {
    const bytes = Uint8Array.from(input)
    const end = Math.max(from + 1, to(bytes.length))
    for (let change = between(random, 1, 3); change > 0; change--) {
      const at = Math.min(bytes.length - 1, from + random.below(Math.max(1, end - from)))
      const kind = random.below(4)
      if (kind === 0) bytes[at]! ^= 1 << random.below(8)
      else if (kind === 1) bytes[at] = random.below(256)
      else if (kind === 2) bytes[at] = extremes[random.below(extremes.length)]!
      // A number of several bytes that says far too much, or less than nothing.
      else bytes.fill(random.below(2) === 0 ? 0xff : 0x80, at, at + between(random, 1, 8))
    }
    return bytes
  }

/** One of several ways to change an input. */
export const oneOf =
  (...ways: ReadonlyArray<Mutate>): Mutate =>
  (random, input) =>
    ways[random.below(ways.length)]!(random, input)

/** Where the fields of a tar header are. */
const tarFields = [
  [0, 100],
  [124, 136],
  [156, 157],
  [257, 265],
  [345, 500]
] as const

const tarWords = [
  "../x.png",
  "/etc/passwd",
  "77777777777\0",
  "\x80\0\0\0\0\0\0\0\xff\xff\xff\xff",
  "S",
  "L",
  "x",
  "g",
  "1",
  "\0",
  "a/1.png",
  "1e9"
]

/** Fields of one header that say something else, its checksum right again; pax records and names are bytes like others. */
const mutateHeader: Mutate = (random, input) => {
  const bytes = Buffer.from(input)
  const block = random.below(Math.max(1, Math.floor(bytes.length / 512))) * 512
  const [from, to] = tarFields[random.below(tarFields.length)]!
  if (block + 512 > bytes.length) return mutateBytes(random, input)
  if (random.below(2) === 0)
    bytes.write(tarWords[random.below(tarWords.length)]!, block + from, to - from, "latin1")
  else bytes[block + from + random.below(to - from)] = random.below(256)
  bytes.set(signed(bytes.subarray(block, block + 512)), block)
  return bytes
}

export const mutateTar = oneOf(
  mutateHeader,
  mutateHeader,
  mutateBytes,
  mutateInPlace(0, (length) => length)
)

/** An archive that is changed before it is compressed, in most cases. */
export const mutateTarGz: Mutate = (random, input) =>
  random.below(4) === 0
    ? mutateBytes(random, gzipSync(input))
    : gzipSync(mutateTar(random, input), { level: 1 })

/** The footer, whose length stands at the end, and the pages before it. */
export const mutateParquet: Mutate = (random, input) => {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength)
  const footerAt = Math.max(4, input.length - 8 - view.getUint32(input.length - 8, true))
  return oneOf(
    mutateInPlace(footerAt, (length) => length - 8),
    mutateInPlace(4, () => footerAt),
    // Page headers stand where columns begin.
    mutateInPlace(4, () => Math.min(footerAt, 64)),
    mutateBytes
  )(random, input)
}

const npyWords = [
  "(2, 2, 3)",
  "(99999999, 99999999)",
  "()",
  "(0, 2, 2)",
  "'|O'",
  "'<f4'",
  "'|u1'",
  "True",
  "False",
  "[('a', '|u1')]",
  "-1",
  "'shape'",
  "}",
  ",",
  "9".repeat(30)
]

/** Words of the header that are others, or a length of it that is. */
const mutateWords: Mutate = (random, input) => {
  const bytes = Buffer.from(input)
  const word = npyWords[random.below(npyWords.length)]!
  bytes.write(word, 10 + random.below(80), "latin1")
  return bytes
}

export const mutateNpy = oneOf(
  mutateWords,
  mutateBytes,
  mutateInPlace(0, () => 128)
)

/** A header or records that say something else, their checksums right; or any bytes. */
export const mutatePack: Mutate = (random, input) => {
  const { header, pixels, records } = packParts
  switch (random.below(4)) {
    case 0:
      return mutateBytes(random, input)
    case 1:
      return packOf(mutateJson(random, header), records, pixels)
    case 2:
      return packOf(header, mutateInPlace(0, (length) => length)(random, records), pixels)
    default:
      return mutateInPlace(0, (length) => length)(random, input)
  }
}
