import { createHash } from "node:crypto"
import { DatasetCorrupt } from "./Dataset/errors.ts"

/** By what a published file is known. */
export interface Digest {
  readonly algorithm: "SHA-256" | "MD5"
  /** Lower-case hexadecimal digits. */
  readonly hex: string
}

const nodeName = { "SHA-256": "sha256", MD5: "md5" } as const

/** Adds up a file's SHA-256, and the digest that is published where that is another one. */
export const digesting = (published: Digest | undefined) => {
  const sha256 = createHash("sha256")
  const other = published?.algorithm === "MD5" ? createHash(nodeName.MD5) : undefined
  return {
    update: (bytes: Uint8Array): void => {
      sha256.update(bytes)
      other?.update(bytes)
    },
    /** @returns the file's SHA-256, and whether it is another file than the published one */
    end: (file: string, hint: string) => {
      const hex = sha256.digest("hex")
      const actual = other?.digest("hex") ?? hex
      if (published === undefined || published.hex === actual) return { sha256: hex, corrupt: undefined }
      const { algorithm, hex: expected } = published
      return { sha256: hex, corrupt: new DatasetCorrupt({ file, algorithm, expected, actual, hint }) }
    }
  }
}
