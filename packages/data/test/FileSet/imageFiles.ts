import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { Effect, FileSystem } from "effect"
import sharp from "sharp"

/** A PNG of one gray. */
export const gray = (value: number, width = 3, height = 2) =>
  Effect.promise(() =>
    sharp({ create: { width, height, channels: 3, background: { r: value, g: value, b: value } } })
      .png()
      .toBuffer()
  )

/** A folder of these files, which is there until the test ends. */
export const folderOf = Effect.fnUntraced(function* (files: Readonly<Record<string, Uint8Array | string>>) {
  const root = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), content)
  }
  return root
})

/** Twelve images of each of two classes; image n of `a` is gray n, of `b` 100 + n. */
export const twoClasses = Effect.gen(function* () {
  const images: Record<string, Uint8Array> = {}
  for (let n = 10; n < 22; n++) {
    images[`a/${n}.png`] = yield* gray(n)
    images[`b/${n}.png`] = yield* gray(100 + n)
  }
  return images
})
