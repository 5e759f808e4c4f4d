import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import sharp from "sharp"
import { fresh } from "./program.ts"

/** A picture of its own colours, about 20 pixels wide. */
export const picture = (number: number) => {
  const [width, height] = [18 + (number % 5), 16 + (number % 3)]
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, at) => (at * (number + 3) * 37) % 256)
  return sharp(pixels, { raw: { width, height, channels: 3 } })
}

/** A folder of pictures, `perFolder` in each of the folders; what is named in `others` beside them. */
export const photos = async (
  folders: ReadonlyArray<string>,
  perFolder: number,
  others: Readonly<Record<string, string>> = {}
) => {
  const root = join(fresh(), "..", "photos")
  for (const [place, folder] of folders.entries()) {
    mkdirSync(join(root, folder), { recursive: true })
    for (let number = 0; number < perFolder; number++) {
      const bytes = await picture(place * perFolder + number)
        .png()
        .toBuffer()
      writeFileSync(join(root, folder, `${number}.png`), bytes)
    }
  }
  for (const [name, content] of Object.entries(others)) writeFileSync(join(root, name), content)
  return root
}

/** The `photos` recipe, as small as it gets. */
export const tiny = [
  ...["--set", "encoder.layers=[1]", "--set", "encoder.width=4", "--set", "encoder.featureSize=8"],
  ...["--image-size=8", "--epochs=2"]
]
