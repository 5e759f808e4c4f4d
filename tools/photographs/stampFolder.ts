import { copyFile, mkdir, readdir } from "node:fs/promises"
import { join } from "node:path"
import { unpacked } from "./debian.ts"

/** Fewer images of a subject are left out: there are not enough neighbours to be found. */
const minPerClass = 30

/**
 * Debian's `tuxpaint-stamps-default`, photographs and drawings on no ground, as a folder of images: a folder for each
 * subject that has 30 of them or more.
 */
export const makeStampFolder = async (folder: string, packages: string): Promise<void> => {
  const root = join(await unpacked(["tuxpaint-stamps-default"], packages), "usr/share/tuxpaint/stamps")
  for (const subject of (await readdir(root)).sort()) {
    const found = await readdir(join(root, subject), { recursive: true, withFileTypes: true })
    const images = found.filter((entry) => entry.isFile() && entry.name.endsWith(".png"))
    if (images.length < minPerClass) continue
    await mkdir(join(folder, subject), { recursive: true })
    for (const { name, parentPath } of images) {
      const place = parentPath.slice(join(root, subject).length + 1).replaceAll("/", "-")
      await copyFile(join(parentPath, name), join(folder, subject, place === "" ? name : `${place}-${name}`))
    }
  }
}
