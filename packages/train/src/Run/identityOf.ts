import { createHash } from "node:crypto"
import type { ImageSource } from "@moco/data/ImageSource"

/** What is known of a source's files: images that were added, taken away or renamed are other ones. */
export const identityOf = ({ numImages, provenance }: ImageSource): string =>
  createHash("sha256")
    .update(JSON.stringify([numImages, Object.entries(provenance.sha256).toSorted()]))
    .digest("hex")
