import { Effect, Result } from "effect"
import { formatNames, isImageName } from "../Decode/format.ts"
import type { DecodeOptions } from "../Decode/options.ts"
import type { FileSet } from "../FileSet.ts"
import { malformed, noImages, shown } from "./faults.ts"
import { decodeFilePart } from "./images.ts"
import type { Collection, Shard } from "./shards.ts"
import { labelFormOf, readLabel, sampleOf } from "./tar/labels.ts"
import { listMembers, type Member } from "./tar/members.ts"
import { type ClassKey, partsOfShards, type Told, toldByFolders, toldByLabels } from "./told.ts"

/** Archives that are looked through at the same time. */
const concurrency = 4

/**
 * The images in tar archives, where they lie: the archives' headers are read once, and each image when it is asked for.
 * Nothing is unpacked, and no name in an archive is a path. Held are the images' names and places.
 *
 * The class of an image is what the `.cls` or the `.json` of its sample says, as in WebDataset; where there is none, the
 * folders in the archives are the classes, as those of a folder of images are.
 */
export const openTar = Effect.fn("FileSet.openTar")(function* (
  collection: Collection,
  decoding: DecodeOptions
) {
  const { name, notes, path, shards } = collection
  const contents = yield* Effect.forEach(shards, listImages, { concurrency })
  const images = contents.flatMap((content) => content.images)
  if (images.length === 0) {
    const { numFiles } = contents.reduce((most, content) =>
      content.numFiles > most.numFiles ? content : most
    )
    const problem = `no file in it has the name of a ${formatNames}, and ${numFiles} have other names`
    return yield* noImages(
      path,
      "images",
      "0",
      problem,
      "write the images into the archive as files, with such names"
    )
  }
  const inPart = yield* decodeFilePart
  const set: FileSet = {
    ...{ name, path, told: toldOf(shards, images) },
    names: images.map(({ member, shard }) =>
      shards.length === 1 ? member.name : `${shard.name}/${member.name}`
    ),
    notes: [...notes, ...notesOf(contents)],
    decode: (index) => {
      const { member, shard } = images[index]!
      const { offset, size } = member
      const file = `${shard.path}: ${shown(member.name)}`
      return inPart({ ...decoding, path: shard.path, part: { start: offset, end: offset + size } }, file)
    }
  }
  return set
})

/** An image in an archive, and what stands beside it. */
interface Placed {
  readonly shard: Shard
  readonly member: Member
  readonly label: ClassKey | undefined
}

interface Content {
  readonly images: ReadonlyArray<Placed>
  readonly numFiles: number
  readonly numOther: number
  readonly numOutside: number
}

const listImages = Effect.fnUntraced(function* (shard: Shard) {
  const labels = new Map<string, { readonly name: string; readonly label: ReturnType<typeof readLabel> }>()
  const { files, numOther } = yield* listMembers(shard.path, {
    wants: ({ name, size }) => labelFormOf(name, size) !== undefined,
    take: ({ name, size }, bytes) => {
      const { key } = sampleOf(name)
      const form = labelFormOf(name, size)!
      // Of both, the one that is nothing but a label.
      if (form === "cls" || !labels.has(key)) labels.set(key, { name, label: readLabel(form, bytes) })
    }
  })
  const seen = new Set<string>()
  const images: Array<Placed> = []
  let numOutside = 0
  for (const member of files) {
    if (!isImageName(member.name) || isHidden(member.name)) continue
    if (leadsOutside(member.name)) {
      numOutside++
      continue
    }
    if (seen.has(member.name)) {
      const hint = "write the archive again, each file once"
      return yield* malformed(shard.path, shown(member.name), "two files", "must be there once", hint)
    }
    seen.add(member.name)
    const found = labels.get(sampleOf(member.name).key)
    const label = found?.label ?? Result.succeed(undefined)
    if (Result.isFailure(label)) {
      const { problem, value } = label.failure
      return yield* malformed(
        shard.path,
        shown(found!.name),
        value,
        problem,
        "mend the label, or leave all away"
      )
    }
    images.push({ shard, member, label: label.success })
  }
  const content: Content = { images, numFiles: files.length, numOther, numOutside }
  return content
})

/** Folders and files that a folder's list leaves out too. */
const isHidden = (name: string): boolean => name.split("/").some((part) => /^\.[^./]/.test(part))

const leadsOutside = (name: string): boolean => name.startsWith("/") || name.split("/").includes("..")

const toldOf = (shards: ReadonlyArray<Shard>, images: ReadonlyArray<Placed>): Told => {
  const partOf = new Map(
    partsOfShards(shards.map(({ name }) => name)).map((part, place) => [shards[place]!, part])
  )
  const byFolders = toldByFolders(withoutCommonFolders(images.map(({ member }) => member.name)))
  const hasLabels = images.every(({ label }) => label !== undefined)
  const hasParts = [...partOf.values()].includes("train")
  return {
    ...(hasLabels ? toldByLabels(images.map(({ label }) => label)) : { classes: byFolders.classes }),
    parts: hasParts ? images.map(({ shard }) => partOf.get(shard)) : byFolders.parts
  }
}

/** Names without the folders that all of them are in: the one that was put into the archive, in most cases. */
const withoutCommonFolders = (names: ReadonlyArray<string>): ReadonlyArray<string> => {
  const split = names.map((name) => name.split("/").filter((part) => part !== "." && part !== ""))
  const [first = []] = split
  const isCommon = (level: number) =>
    split.every((parts) => parts.length > level + 1 && parts[level] === first[level])
  let level = 0
  while (level < first.length - 1 && isCommon(level)) level++
  return split.map((parts) => parts.slice(level).join("/"))
}

function* notesOf(contents: ReadonlyArray<Content>): Generator<string> {
  const total = (of: (content: Content) => number) => contents.reduce((sum, content) => sum + of(content), 0)
  const numOther = total((content) => content.numOther)
  if (numOther > 0) yield `${numOther} links, devices and the like in archives were left out`
  const numOutside = total((content) => content.numOutside)
  if (numOutside > 0) yield `${numOutside} images whose names lead out of their archive were left out`
  const images = contents.flatMap((content) => content.images)
  const numUnlabelled = images.filter(({ label }) => label === undefined).length
  if (numUnlabelled > 0 && numUnlabelled < images.length) {
    yield `${numUnlabelled} of ${images.length} images have no .cls or .json with a label: labels are not used`
  }
}
