import { gzipSync } from "node:zlib"
import { Effect, FileSystem, Stream } from "effect"
import * as Tar from "effect/encoding/Tar"

/** A `.tar.gz` of entries. */
export const tarGz = (entries: ReadonlyArray<Tar.Entry>) =>
  Effect.map(
    Stream.runCollect(Stream.pipeThroughChannelOrFail(Stream.fromIterable(entries), Tar.encode())),
    (chunks) => gzipSync(Buffer.concat(chunks))
  )

/** A `.tar.gz` of a folder of files, as data sets are published, with words beside them. */
export const folderArchive = (folder: string, files: Readonly<Record<string, Uint8Array>>) =>
  tarGz([
    Tar.directory(folder),
    Tar.file(`${folder}/readme.html`, "what this is"),
    ...Object.entries(files).map(([name, bytes]) => Tar.file(`${folder}/${name}`, bytes))
  ])

/** A folder of its own in which files lie, by their paths below it. */
export const placed = Effect.fnUntraced(function* (files: Readonly<Record<string, Uint8Array>>) {
  const fileSystem = yield* FileSystem.FileSystem
  const dir = yield* fileSystem.makeTempDirectoryScoped()
  for (const [name, bytes] of Object.entries(files)) {
    const at = name.lastIndexOf("/")
    if (at > 0) yield* fileSystem.makeDirectory(`${dir}/${name.slice(0, at)}`, { recursive: true })
    yield* fileSystem.writeFile(`${dir}/${name}`, bytes)
  }
  return dir
})

/** Where a test's data set lies. */
export const whereabouts = (dir: string) => ({
  dataset: "mine",
  searchDirs: [dir],
  installHint: "install it with: a command"
})
