import { magic as packMagic } from "./packFormat.ts"

/** Files of many images that are read. */
export type FileKind = "pack" | "tar" | "parquet" | "npy"

/** What a file is that holds images in a form that is not read, and what to do with it. */
export interface Unread {
  readonly what: string
  readonly hint: string
}

/** Bytes at the beginning of a file that tell what it is. */
export const numTelling = 512

const ascii = (text: string) => Array.from(text, (letter) => letter.charCodeAt(0))

const isAt = (bytes: Uint8Array, signature: ReadonlyArray<number>, at = 0): boolean =>
  signature.every((byte, offset) => bytes[at + offset] === byte)

const kinds: ReadonlyArray<readonly [FileKind, ReadonlyArray<number>, at?: number]> = [
  ["pack", ascii(packMagic)],
  ["parquet", ascii("PAR1")],
  ["npy", [0x93, ...ascii("NUMPY")]],
  ["tar", ascii("ustar"), 257]
]

/** What somebody may have, by how it begins. */
const unread: ReadonlyArray<readonly [ReadonlyArray<number>, Unread]> = [
  [
    [0x1f, 0x8b],
    {
      what: "is compressed by gzip, in which no image can be read by itself",
      hint: "decompress it once: gunzip FILE (a .tar is read as it lies, without unpacking it)"
    }
  ],
  [
    [0x28, 0xb5, 0x2f, 0xfd],
    { what: "is compressed by Zstandard", hint: "decompress it once: zstd -d FILE" }
  ],
  [[0xfd, ...ascii("7zXZ")], { what: "is compressed by xz", hint: "decompress it once: unxz FILE" }],
  [ascii("BZh"), { what: "is compressed by bzip2", hint: "decompress it once: bunzip2 FILE" }],
  [
    ascii("PK\u0003\u0004"),
    { what: "is a ZIP archive, or an .npz of arrays", hint: "unpack it: unzip FILE; arrays are read as .npy" }
  ],
  [
    ascii("ARROW1"),
    {
      what: "is an Arrow file",
      hint: "write it as Parquet: datasets.load_from_disk(DIR).to_parquet(FILE)"
    }
  ],
  [ascii("PARE"), { what: "is an encrypted Parquet file", hint: "write it without encryption" }],
  [
    [0x89, ...ascii("HDF")],
    { what: "is an HDF5 file", hint: "write its images as an array: numpy.save(FILE, file[KEY][:])" }
  ],
  [
    ascii("version https://git-lfs.github.com/spec"),
    { what: "is a pointer to a file that Git LFS has not fetched", hint: "fetch it: git lfs pull" }
  ]
]

/** What a file is that begins like this; undefined where it is nothing that is known. */
export const kindOf = (start: Uint8Array): FileKind | Unread | undefined =>
  kinds.find(([, signature, at]) => isAt(start, signature, at))?.[0] ??
  unread.find(([signature]) => isAt(start, signature))?.[1] ??
  (isOldTar(start) ? "tar" : undefined)

/** The oldest archives have no magic bytes: the checksum of their first header tells them, eight bytes of octal digits. */
const isOldTar = (start: Uint8Array): boolean => {
  if (start.length < numTelling || start[0] === 0) return false
  const digits = String.fromCharCode(...start.subarray(148, 156))
    .replace(/[\0 ]+$/, "")
    .trimStart()
  if (!/^[0-7]+$/.test(digits)) return false
  const sum = start.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0)
  return Number.parseInt(digits, 8) === sum
}

/** Kinds in words, for what is told of them. */
export const kindNames: Readonly<Record<FileKind, string>> = {
  pack: "packed files",
  tar: "tar archives",
  parquet: "Parquet files",
  npy: "NumPy arrays"
}
