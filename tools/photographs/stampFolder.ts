import { copyFile, mkdir, readdir } from "node:fs/promises"
import { join } from "node:path"
import sharp from "sharp"
import { unpacked } from "./debian.ts"

/** Fewer images of a subject are no class: there are not enough neighbours to be found. */
const minPerClass = 30

/** The folder of the images that are trained on, and neither asked about nor neighbours. */
export const unasked = "others"

/** Pixels of the longer side that drawings of lines are made into. */
const drawnSize = 256

/**
 * Debian's `tuxpaint-stamps-default`, photographs and drawings on no ground, as a folder of images: a folder for each
 * subject that has 30 or more as PNG, and one for all the rest, the drawings that come as SVG among them.
 */
export const makeStampFolder = async (folder: string, packages: string): Promise<void> => {
  const root = join(await unpacked(["tuxpaint-stamps-default"], packages), "usr/share/tuxpaint/stamps")
  const names = (await readdir(root, { recursive: true })).sort()
  const pixels = names.filter((name) => name.endsWith(".png"))
  const subjects = Map.groupBy(pixels, subjectOf)
  const fileOf = (name: string) => name.replaceAll("/", "-")
  for (const [subject, images] of subjects) {
    const isClass = images.length >= minPerClass
    const into = join(folder, isClass ? subject : unasked)
    await mkdir(into, { recursive: true })
    for (const name of images) {
      await copyFile(join(root, name), join(into, fileOf(isClass ? name.slice(subject.length + 1) : name)))
    }
  }
  for (const name of names.filter((each) => each.endsWith(".svg"))) {
    const size = { width: drawnSize, height: drawnSize, fit: "inside" } as const
    await sharp(join(root, name), { density: 300 })
      .resize(size)
      .png()
      .toFile(join(folder, unasked, `${fileOf(name)}.png`))
  }
}

/** The folder of the first level. */
const subjectOf = (name: string) => name.slice(0, name.indexOf("/"))
