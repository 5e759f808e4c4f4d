import { manifestName } from "@moco/train/Checkpoint/store"
import { filesOf } from "@moco/train/RunFolder/files"
import { stateFiles } from "@moco/train/RunState"
import { ByteSize, Effect, FileSystem, Option, Path } from "effect"

/** Something in a run's folder. */
export interface Content {
  /** Relative to the folder. */
  readonly name: string
  readonly path: string
  readonly isFolder: boolean
  /** Its own; of a folder none. */
  readonly bytes: number
  /** Whether another name of the file would keep it. */
  readonly hasOtherNames: boolean
  /** Whether it is what a run writes; what is in a folder that is none of a run's is not looked at. */
  readonly isOfRun: boolean
}

/** Everything in the folder of a run, a folder before what is in it; no link is followed. */
export const contentsOf = Effect.fn("runs.contentsOf")(function* (folder: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const isOfRun = isWrittenByRun(path)
  const contents: Array<Content> = []
  const names = [...(yield* fileSystem.readDirectory(folder))].sort()
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    const at = path.join(folder, name)
    const { nlink, size, type } = yield* fileSystem.lstat(at)
    const isFolder = type === "Directory"
    const isOwn = (isFolder || type === "File") && isOfRun(name, isFolder)
    contents.push({
      ...{ name, path: at, isFolder, isOfRun: isOwn },
      bytes: isFolder ? 0 : Number(ByteSize.toBigInt(size)),
      hasOtherNames: !isFolder && Option.getOrElse(nlink, () => 1n) > 1n
    })
    if (!isFolder || !isOwn) continue
    const inner = [...(yield* fileSystem.readDirectory(at))].sort()
    names.unshift(...inner.map((own) => path.join(name, own)))
  }
  return contents
})

/** A file that is being written has a name of its own until it is whole. */
const draftOf = (name: string): string => name.replace(/\.[0-9a-f]{12}\.tmp$/, "")

/** Names of what TensorBoard reads and of what an inspection consists of. */
const writtenInside = [
  /^events\.out\.tfevents\.\d+\.moco\.\d+$/,
  /^(tensors|metadata)\.tsv$/,
  /^(sprite\.png|projector_config\.pbtxt|inspection\.json)$/,
  /^(thumbnails|neighbours|pairs|filters)\.webp$/
]

/** Whether a run writes something of this name, relative to its folder. */
const isWrittenByRun = (path: Path.Path) => {
  const { checkpoints, inspection, lock, path: _, tensorboard, ...files } = filesOf(path, "")
  const own = Object.values(files)
  const flat = [inspection, tensorboard]
  const parts = [manifestName, ...Object.values(stateFiles)]
  return (name: string, isFolder: boolean): boolean => {
    const [first = "", second, third, ...deeper] = name.split(path.sep)
    if (second === undefined) {
      return isFolder
        ? first === checkpoints || flat.includes(first)
        : own.includes(draftOf(first)) || first === lock || first.startsWith(`${lock}.`)
    }
    if (flat.includes(first)) {
      return !isFolder && third === undefined && writtenInside.some((own) => own.test(draftOf(second)))
    }
    if (first !== checkpoints || deeper.length > 0) return false
    if (third === undefined) return isFolder && /^\d{9,}(\.(tmp|old|damaged|failed))?$/.test(second)
    return !isFolder && parts.includes(draftOf(third))
  }
}
