import * as SafeFile from "@moco/core/SafeFile"
import { Effect, Result } from "effect"
import { malformed, shown, unreadableFile } from "../faults.ts"
import { blockBytes, isZeros, nameOf, type PaxChanges, readHeader, readPax } from "./header.ts"

/** A file in an archive, and where its bytes are. */
export interface Member {
  readonly name: string
  readonly offset: number
  readonly size: number
}

/** What is in an archive. */
export interface Members {
  readonly files: ReadonlyArray<Member>
  /** Links, devices and what else has no bytes of its own; none is followed or made. */
  readonly numOther: number
}

/** Bytes that are read at a time: most images are larger, and each costs one reading. */
const windowBytes = 2 ** 15

/** A name, or a pax header, of more is no name. */
const maxExtension = 2 ** 20

/** Many more than the largest archives of images have; of hostile ones no more names are held. */
const maxMembers = 20_000_000

const hint = "fetch or write the archive again; `tar -tf` lists what can be read of it"

/** What is read of a member while the headers are, for it lies beside them: labels do. */
export interface Beside {
  readonly wants: (member: Member) => boolean
  readonly take: (member: Member, bytes: Uint8Array) => void
}

/**
 * Finds the files in a tar archive by their headers alone: what is between them is passed over. No more is held than a
 * window of the archive and what is found. Names are only ever compared.
 *
 * It must end as archives do, with a block of zeros: one that was cut off between two members would else be taken for whole.
 *
 * @param beside  small files whose bytes are given away as they are met
 */
export const listMembers = Effect.fn("tar.listMembers")(function* (path: string, beside: Beside) {
  const { bytesAt, size } = yield* windowOn(path)
  const fail = (at: number, value: string, problem: string) =>
    malformed(path, `byte ${at}`, value, problem, hint)
  const files: Array<Member> = []
  let numOther = 0
  let changes: PaxChanges = {}
  let at = 0
  while (true) {
    const block = yield* bytesAt(at, blockBytes)
    if (block === undefined)
      return yield* fail(size, "the end of the file", "must be blocks of zeros: it was cut off")
    if (isZeros(block)) break
    const header = readHeader(block)
    if (Result.isFailure(header)) return yield* fail(at, header.failure.value, header.failure.problem)
    const { isSparse, kind, name, size: ownSize } = header.success
    if (isSparse)
      return yield* fail(at, "a file with holes", "is not read: write the archive without --sparse")
    const offset = at + blockBytes
    const member = { name: changes.path ?? name, offset, size: (kind === "file" && changes.size) || ownSize }
    if (offset + member.size > size) {
      return yield* fail(
        size,
        "the end of the file",
        `must not come within ${shown(member.name)}: it was cut off`
      )
    }
    at = offset + Math.ceil(member.size / blockBytes) * blockBytes
    if (kind === "pax" || kind === "longName") {
      const bytes = member.size > maxExtension ? undefined : yield* bytesAt(offset, member.size)
      if (bytes === undefined) return yield* fail(offset, `a name of ${member.size} bytes`, "must be shorter")
      const changed: ReturnType<typeof readPax> =
        kind === "pax" ? readPax(bytes) : Result.succeed({ path: nameOf(bytes) })
      if (Result.isFailure(changed))
        return yield* fail(offset, changed.failure.value, changed.failure.problem)
      changes = { ...changes, ...changed.success }
      continue
    }
    // Neither has anything to do with the member that follows, which its own header may have been told of already.
    if (kind === "paxForAll" || kind === "longLink") continue
    if (kind === "file" && changes.isSparse !== true) files.push(member)
    else if (kind !== "folder") numOther++
    if (kind === "file" && beside.wants(member)) {
      const bytes = yield* bytesAt(offset, member.size)
      if (bytes !== undefined) beside.take(member, bytes)
    }
    if (files.length > maxMembers) return yield* fail(at, `more than ${maxMembers} files`, "are too many")
    changes = {}
  }
  const rest = yield* bytesAt(at, Math.min(windowBytes, size - at))
  if (rest !== undefined && !isZeros(rest)) {
    return yield* fail(
      at,
      "bytes behind the end of the archive",
      "must be zeros: put two archives into two files"
    )
  }
  const members: Members = { files, numOther }
  return members
}, Effect.scoped)

/** A file of which a part is held, the part that was asked for last. */
const windowOn = Effect.fnUntraced(function* (path: string) {
  const unbounded = { maxBytes: Number.MAX_SAFE_INTEGER }
  const { read, size } = yield* Effect.mapError(SafeFile.openToRead(path, unbounded), unreadableFile(path))
  let start = 0
  let held: Uint8Array = new Uint8Array()
  return {
    size,
    /** Bytes that are there until the next are asked for; none where the file has fewer. */
    bytesAt: Effect.fnUntraced(function* (from: number, length: number) {
      if (from + length > size) return undefined
      if (from < start || from + length > start + held.length) {
        const end = Math.min(size, from + Math.max(length, windowBytes))
        held = yield* Effect.mapError(read(from, end), unreadableFile(path))
        start = from
      }
      const bytes = held.subarray(from - start, from - start + length)
      return bytes.length === length ? bytes : undefined
    })
  }
})
