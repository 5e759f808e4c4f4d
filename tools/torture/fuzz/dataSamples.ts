import { join } from "node:path"
import { crc32 } from "node:zlib"
import type { BatchForm } from "@moco/data/ImageSource/Cifar/batches"
import type { Stl } from "@moco/data/ImageSource/Stl"
import type { Archive } from "@moco/data/Parts/TarGz"
import type { Whereabouts } from "@moco/data/PublishedFile"
import { readBytes } from "@moco/native/PlainFile"

const ascii = (text: string) => Buffer.from(text, "latin1")

/** Collections of a few images that other programs have written, and images of every format. */
const recorded = join(import.meta.dirname, "../../../packages/data/test/parity")
const read = (name: string): Uint8Array => new Uint8Array(readBytes(join(recorded, name), 2 ** 20))

export const parquetFiles = [
  ...["snappy-1.0", "none-2.0", "gzip-1.0", "zstd-2.0", "brotli-1.0", "lz4-2.0", "delta", "binary", "missing"]
].map((name) => read(`collections/${name}.parquet`))

export const imagesOf = (endings: ReadonlyArray<string>): ReadonlyArray<Uint8Array> =>
  endings.map((name) => read(`images/${name}`))

/** A header of 512 bytes with its checksum. */
export const tarHeader = (name: string, size: number, type = "0"): Uint8Array => {
  const block = Buffer.alloc(512)
  block.write(name.slice(0, 100), 0, "latin1")
  block.write("0000644\0", 100)
  block.write(`${size.toString(8).padStart(11, "0")}\0`, 124)
  block.write(type, 156)
  block.write("ustar\u000000", 257, "latin1")
  return signed(block)
}

/** The same header with the checksum that its bytes have. */
export const signed = (block: Uint8Array): Uint8Array => {
  const bytes = Buffer.from(block)
  bytes.fill(0x20, 148, 156)
  const sum = bytes.reduce((total, byte) => total + byte, 0)
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1")
  return bytes
}

const member = (name: string, content: Uint8Array, type?: string): Uint8Array =>
  Buffer.concat([
    tarHeader(name, content.length, type),
    content,
    Buffer.alloc((512 - (content.length % 512)) % 512)
  ])

export const tar = Buffer.concat([
  member("a/1.png", Uint8Array.of(1, 2, 3)),
  member("a/1.cls", ascii("1")),
  member("././@LongLink", ascii(`b/${"n".repeat(120)}.png\0`), "L"),
  member("b/n", Uint8Array.of(4, 5)),
  member("PaxHeader", ascii("20 path=c/long2.png\n13 size=2  \n".slice(0, 20)), "x"),
  member("c/2.png", Uint8Array.of(6, 7)),
  member("c/long2.json", ascii('{"label": "cat"}')),
  member("link.png", new Uint8Array(), "2"),
  Buffer.alloc(1024)
])

/** An array as numpy.save writes it. */
export const npy = (descr: string, shape: string, content: Uint8Array): Uint8Array => {
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117, " ")
  const head = Buffer.from([0x93, ...ascii("NUMPY"), 1, 0, 118, 0])
  return Buffer.concat([head, ascii(`${text}\n`), content])
}

export const arrays = [
  npy("|u1", "(2, 2, 3)", new Uint8Array(12)),
  npy("|u1", "(2, 2, 1, 5)", new Uint8Array(20)),
  npy("<i8", "(3,)", new Uint8Array(24)),
  npy(">u2", "(3, 1)", new Uint8Array(6))
]

export const about: Whereabouts = { dataset: "fuzz", searchDirs: ["/fuzz"], installHint: "none" }

/** Two images of 2 x 1 in three channels. */
export const batchForm: BatchForm = {
  planes: { height: 2, width: 1, channels: 3, order: "rows" },
  labels: [{ key: "labels", numClasses: 10 }]
}

export const rows = Uint8Array.of(9, 1, 2, 3, 4, 5, 6, 0, 7, 8, 9, 10, 11, 12)

const text = (value: string) => Buffer.concat([Uint8Array.of(0x55, value.length), ascii(value)])
const global = (module: string, name: string) => ascii(`c${module}\n${name}\n`)

/** What Python 2 writes for `{"labels": [9, 0], "data": array of 2 x 6 unsigned bytes}`. */
export const pickle = Buffer.concat([
  ascii("\x80\x02}("),
  ...[text("labels"), ascii("](K\x09K\x00e"), text("data")],
  ...[global("numpy.core.multiarray", "_reconstruct"), global("numpy", "ndarray")],
  ...[ascii("K\x00\x85"), text("b"), ascii("\x87R(K\x01K\x02K\x06\x86"), global("numpy", "dtype")],
  ...[
    text("u1"),
    ascii("K\x00K\x01\x87R(K\x03"),
    text("|"),
    ascii("NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89")
  ],
  ...[text("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c"), ascii("tbu.")]
])

export const stl: Stl = {
  planes: { ...batchForm.planes, order: "columns" },
  classes: Array.from({ length: 10 }, (_, label) => `class ${label}`),
  provenance: { name: "fuzz", from: "made here", licence: undefined },
  archive: "fuzz.tar.gz",
  folder: "fuzz",
  numImages: { train: 1, test: 1, unlabeled: 2 },
  md5: {}
}

/** The part of an archive that is read; the other one of the tar sample is passed over. */
export const archive: Archive = { folder: "a", parts: [{ name: "1.png", minBytes: 1, maxBytes: 64 }] }

/** A packed file; the header's checksum of the records is made right. */
export const packOf = (header: string, records: Uint8Array, pixels: Uint8Array): Uint8Array => {
  const json = Buffer.from(header.replace(/"records":-?\d+/, `"records":${crc32(records)}`))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(json.length)
  return Buffer.concat([ascii("MOCOPACK"), pixels, records, json, length, ascii("MOCOPACK")])
}

export const packParts = {
  header: JSON.stringify({
    ...{ version: 1, name: "fuzz", channels: 3, names: ["a/1.png", "b/2.png"], problems: {} },
    decoding: { background: [255, 255, 255], maxPixels: 1000, shorterSide: 0 },
    told: { parts: ["train", null], classes: ["a", "b"], order: ["a", "b"] },
    records: 0
  }),
  pixels: Uint8Array.of(1, 2, 3, 4, 5, 6),
  /** Two of height 1, width 2, then the checksum and the place of the pixels, which are the same. */
  records: (() => {
    const records = Buffer.alloc(32)
    for (const at of [0, 16]) {
      records.writeUInt16LE(1, at)
      records.writeUInt16LE(2, at + 2)
      records.writeUInt32LE(crc32(Uint8Array.of(1, 2, 3, 4, 5, 6)), at + 4)
      records.writeDoubleLE(8, at + 8)
    }
    return records as Uint8Array
  })()
}

export const pack = packOf(packParts.header, packParts.records, packParts.pixels)
