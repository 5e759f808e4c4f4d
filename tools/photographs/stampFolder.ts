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

/** Of the clip art these are hundreds of icons and of rays around a point, all much alike. */
const alike = ["computer", "shapes"]

/**
 * Debian's `tuxpaint-stamps-default`, photographs and drawings on no ground, as a folder of images: a folder for each
 * subject that has 30 or more as PNG, and one for all the rest. There are the drawings that come as SVG, and those of
 * `openclipart-png`.
 */
export const makeStampFolder = async (folder: string, packages: string): Promise<void> => {
  const share = join(await unpacked(["tuxpaint-stamps-default", "openclipart-png"], packages), "usr/share")
  await takeStamps(join(share, "tuxpaint/stamps"), folder)
  const clips = join(share, "openclipart/png")
  for (const name of await imagesIn(clips, ".png")) {
    if (!alike.includes(subjectOf(name)))
      await copyFile(join(clips, name), join(folder, unasked, `clip-${flat(name)}`))
  }
}

const takeStamps = async (root: string, folder: string) => {
  const others = join(folder, unasked)
  await mkdir(others, { recursive: true })
  for (const [subject, images] of Map.groupBy(await imagesIn(root, ".png"), subjectOf)) {
    const isClass = images.length >= minPerClass
    const into = isClass ? join(folder, subject) : others
    await mkdir(into, { recursive: true })
    for (const name of images)
      await copyFile(join(root, name), join(into, flat(isClass ? name.slice(subject.length + 1) : name)))
  }
  for (const name of await imagesIn(root, ".svg")) {
    const drawn = sharp(join(root, name), { density: 300 })
    const size = { width: drawnSize, height: drawnSize, fit: "inside" } as const
    await drawn
      .resize(size)
      .png()
      .toFile(join(others, `${flat(name)}.png`))
  }
}

const imagesIn = async (root: string, ending: string) =>
  (await readdir(root, { recursive: true })).filter((name) => name.endsWith(ending)).sort()

/** The folder of the first level. */
const subjectOf = (name: string) => name.slice(0, name.indexOf("/"))

const flat = (name: string) => name.replaceAll("/", "-")
