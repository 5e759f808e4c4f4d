import { mkdir, readdir } from "node:fs/promises"
import { join } from "node:path"
import * as CounterRandom from "@moco/core/CounterRandom"
import sharp from "sharp"
import { unpacked } from "./debian.ts"

const packages = [
  "gnome-backgrounds",
  "lomiri-wallpapers",
  "mate-backgrounds",
  "plasma-workspace-wallpapers",
  "ukui-wallpapers"
]

/** Pixels of a photograph's shorter side, and of a patch's. */
const [shorterSide, patchSize] = [640, 32]

/** A photograph's left part is trained on, and its right one is asked about; what is between them is in neither. */
const parts = [
  { name: "train", from: 0, to: 0.6, numPatches: 160 },
  { name: "test", from: 0.65, to: 1, numPatches: 60 }
] as const

/**
 * Patches of desktop wallpapers, photographs and drawings, as a folder of images: which picture a patch is from is its class.
 *
 * Of a picture in several sizes and forms the first large one that does not stand upright is taken; patches are drawn from a grid.
 */
export const makeWallpaperFolder = async (folder: string, debian: string): Promise<void> => {
  const files = await unpacked(packages, debian)
  const names = (await readdir(files, { recursive: true })).filter((name) => /\.(?:jpg|png|webp)$/.test(name))
  const taken = new Set<string>()
  for (const name of names.sort()) {
    const path = join(files, name)
    const { height, width } = await sharp(path).metadata()
    const title = titleOf(name)
    if (taken.has(title) || height < shorterSide || width < height) continue
    taken.add(title)
    const image = sharp(path).resize({ height: shorterSide }).flatten().toColourspace("srgb").removeAlpha()
    const { data, info } = await image.raw().toBuffer({ resolveWithObject: true })
    const raw = { width: info.width, height: info.height, channels: 3 } as const
    for (const { from, name: part, numPatches, to } of parts) {
      const columns = Math.floor(((to - from) * info.width) / patchSize)
      const rows = Math.floor(info.height / patchSize)
      const random = CounterRandom.make(taken.size, CounterRandom.Purpose.synthetic, from * 100)
      const places = CounterRandom.permutation(random, rows * columns).slice(0, numPatches)
      await mkdir(join(folder, part, title), { recursive: true })
      for (const place of places) {
        const left = Math.floor(from * info.width) + (place % columns) * patchSize
        const top = Math.floor(place / columns) * patchSize
        await sharp(data, { raw })
          .extract({ left, top, width: patchSize, height: patchSize })
          .png()
          .toFile(join(folder, part, title, `${place}.png`))
      }
    }
  }
}

/** What a picture is called: its own name, or its folder's where that is a number of pixels. */
const titleOf = (name: string): string => {
  const words = name.replace(/\.[a-z]+$/, "").split("/")
  const isNamed = (word: string) => !/^(?:\d+x\d+|images(?:_dark)?|contents|screenshot)$/.test(word)
  return words
    .findLast(isNamed)!
    .replace(/_\d+x\d+$/, "")
    .replaceAll(/[^A-Za-z0-9]+/g, "-")
}
