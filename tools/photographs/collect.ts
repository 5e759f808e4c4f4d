import { access, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { openFiles } from "@moco/data/FileSet/open"
import { writePack } from "@moco/data/FileSet/writePack"
import { usualFiles } from "@moco/data/Files"
import { Console, Effect, Schema } from "effect"
import type { PhotographSet } from "./sets.ts"
import { makeStampFolder } from "./stampFolder.ts"
import { makeWallpaperFolder } from "./wallpaperFolder.ts"

const folderOf = { stamps: makeStampFolder, wallpapers: makeWallpaperFolder }

/** The packages could not be had, or could not be read. */
export class NotCollected extends Schema.TaggedError<NotCollected>()("NotCollected", {
  set: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    const hint =
      "apt-get and dpkg-deb are needed; packages that lie in the set's -debian folder are not downloaded"
    return `${this.set} could not be collected: ${this.problem}\n  ${hint}`
  }
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false
  )

/**
 * Makes a set of photographs once: downloads its packages, unpacks them, makes a folder of images of them and packs that.
 *
 * @returns the packed file
 */
export const collect = Effect.fn("photographs.collect")(function* (
  { name, shorterSide }: PhotographSet,
  folder: string
) {
  const [images, packed] = [join(folder, name), join(folder, `${name}.pack`)]
  if (yield* Effect.promise(() => exists(packed))) return packed
  yield* Console.log(`${name}: collecting images in ${images} ...`)
  yield* Effect.tryPromise({
    try: async () => {
      const partial = `${images}.part`
      await rm(partial, { recursive: true, force: true })
      await folderOf[name](partial, join(folder, `${name}-debian`))
      await rm(images, { recursive: true, force: true })
      await rename(partial, images)
    },
    catch: (cause) => new NotCollected({ set: name, problem: String(cause) })
  })
  const { background, maxPixels } = usualFiles
  const decoding = { background, maxPixels, shorterSide }
  yield* Effect.scoped(Effect.flatMap(openFiles(images, decoding), (set) => writePack(set, decoding, packed)))
  return packed
})
