import { DatasetInvalid, DatasetUnreadable } from "../Dataset/errors.ts"
import type { Digest } from "../Digest.ts"
import type { Whereabouts } from "../PublishedFile.ts"

/** A file of a data set that lies with others in one folder, or in an archive of this folder. */
export interface Part {
  /** In the folder. */
  readonly name: string
  readonly minBytes: number
  /** No more memory is asked for. */
  readonly maxBytes: number
  /** Of the file where it lies unpacked. */
  readonly digest?: Digest
}

/** A part that has a length of its own. */
export const partOf = (name: string, numBytes: number, md5?: string): Part => ({
  name,
  minBytes: numBytes,
  maxBytes: numBytes,
  ...(md5 === undefined ? {} : { digest: { algorithm: "MD5", hex: md5 } })
})

/** What a part holds, and where it was read. */
export interface ReadPart {
  readonly name: string
  readonly bytes: Uint8Array
  /** For errors, e.g. `data_batch_1.bin in /data/cifar-10-binary.tar.gz`. */
  readonly origin: string
}

/** Lengths that a part may have, in words. */
export const lengthOf = ({ maxBytes, minBytes }: Part): string =>
  minBytes === maxBytes ? `${maxBytes} bytes` : `${minBytes} to ${maxBytes} bytes`

/** Says what is wrong with a file. */
export const invalid = (
  { dataset, installHint }: Pick<Whereabouts, "dataset" | "installHint">,
  field: string,
  value: string,
  problem: string
) =>
  new DatasetInvalid({ dataset, field, value, problem, hint: `replace it by a fresh copy; ${installHint}` })

/** A file that the system does not let us read. */
export const unreadable = (file: string) => (cause: unknown) =>
  new DatasetUnreadable({ file, hint: "check its permissions, or remove it", cause })
