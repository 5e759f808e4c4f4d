import { execFile } from "node:child_process"
import { mkdir, readdir, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"

const run = promisify(execFile)

/**
 * The files of Debian packages, unpacked below a folder; archives that lie there, and what was unpacked before, are not
 * downloaded again. apt checks the hashes of what it downloads, and nothing is installed.
 *
 * @returns where the packages' files are
 */
export const unpacked = async (names: ReadonlyArray<string>, folder: string): Promise<string> => {
  const files = join(folder, "files")
  await mkdir(folder, { recursive: true })
  const here = await readdir(folder)
  if (here.includes("files")) return files
  const missing = names.filter((name) => !here.some((file) => file.startsWith(`${name}_`)))
  if (missing.length > 0) await run("apt-get", ["download", ...missing], { cwd: folder })
  const partial = join(folder, "unpacking")
  await rm(partial, { recursive: true, force: true })
  for (const archive of (await readdir(folder)).filter((name) => name.endsWith(".deb")))
    await run("dpkg-deb", ["--extract", join(folder, archive), partial])
  await rename(partial, files)
  return files
}
