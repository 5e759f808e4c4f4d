import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

/** The C++ of the project's own ops. */
export const nativeSourcesDir = join(import.meta.dirname, "..", "..", "native")

/** What the ops in `folder` are made of, as twelve hexadecimal digits: an addon that was built of it says the same. */
export const hashOfSources = (folder: string): string => {
  const hash = createHash("sha256")
  const sources = readdirSync(folder).filter((name) => /\.(cc|h)$/.test(name))
  for (const name of sources.toSorted()) hash.update(name).update(readFileSync(join(folder, name)))
  return hash.digest("hex").slice(0, 12)
}
