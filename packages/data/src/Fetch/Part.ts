import { dirname } from "node:path"
import * as SafeFile from "@moco/core/SafeFile"
import { upTo } from "@moco/core/Setting"
import { ByteSize, Effect, FileSystem, Option, Schema } from "effect"
import type { Head } from "./answer.ts"

/** What tells whether a file at a server is still the same. */
const Validator = Schema.Union([
  // A weak one (`W/"..."`) promises the same meaning, and not the same bytes.
  Schema.Struct({ etag: Schema.String.check(Schema.isPattern(/^"[\x21\x23-\x7e]{0,200}"$/)) }),
  Schema.Struct({ modified: Schema.String.check(Schema.isPattern(/^[A-Za-z0-9 ,:+-]{1,64}$/)) })
])
type Validator = typeof Validator.Type

/** What stands beside a part of a file: of which file it is. */
const Origin = Schema.Struct({
  format: Schema.Literal(1),
  address: Schema.String,
  numBytes: upTo(2 ** 50).annotate({ unit: "bytes" }),
  validator: Validator
})

const OriginText = Schema.fromJsonString(Origin)
const maxOriginBytes = 2 ** 14

/** The first bytes of a file, and how the rest of the same file is asked for. */
export interface Part {
  /** Bytes that are there and can be gone on with. */
  readonly size: number
  readonly etag?: string
  /** Of the request for what is missing. */
  readonly headers: Readonly<Record<string, string>>
}

const nothing: Part = { size: 0, headers: {} }

/** Where the first bytes of the file `target` are kept, and what is known of where they are from. */
export const pathsOf = (target: string) => ({ part: `${target}.part`, origin: `${target}.part.json` })

/** What there is of a file of `numBytes` bytes that was begun at this address; nothing where that is not certain. */
export const find = Effect.fn("Part.find")(function* (target: string, address: string, numBytes: number) {
  const { origin, part } = pathsOf(target)
  const info = yield* SafeFile.lstat(part)
  if (Option.isNone(info) || info.value.type !== "File") return nothing
  const size = Number(ByteSize.toBigInt(info.value.size))
  if (size === 0 || size > numBytes) return nothing
  const begun = yield* SafeFile.readText(origin, { maxBytes: maxOriginBytes }).pipe(
    Effect.flatMap(Schema.decodeUnknownEffect(OriginText)),
    Effect.option
  )
  if (Option.isNone(begun) || begun.value.address !== address || begun.value.numBytes !== numBytes)
    return nothing
  const { validator } = begun.value
  const range = `bytes=${size}-`
  const found: Part =
    "etag" in validator
      ? { size, etag: validator.etag, headers: { range, "if-range": validator.etag } }
      : { size, headers: { range, "if-range": validator.modified } }
  return found
})

/** Opens the part to be added to, until the Scope ends; what is behind its first `size` bytes is removed. */
export const open = Effect.fn("Part.open")(function* (target: string, size: number) {
  const { origin, part } = pathsOf(target)
  // Before its bytes go: what is written next is of another file.
  if (size === 0) yield* removeIfThere(origin)
  const file = yield* SafeFile.openToAppend(part)
  yield* file.truncate(size)
  return file
})

/** Writes down of which file the part is, where an answer says how it is known again. */
export const begin = Effect.fn("Part.begin")(function* (
  target: string,
  address: string,
  numBytes: number,
  head: Head
) {
  const validator = validatorOf(head)
  if (validator === undefined) return
  const text = JSON.stringify({ format: 1, address, numBytes, validator } satisfies typeof Origin.Type)
  yield* SafeFile.replaceText(pathsOf(target).origin, `${text}\n`)
})

const isValidator = Schema.is(Validator)

/** How the file of an answer is known again; nothing where the server does not say, or not to the byte. */
export const validatorOf = ({ headers }: Head): Validator | undefined => {
  const candidates = [{ etag: headers["etag"] }, { modified: headers["last-modified"] }]
  return candidates.find(isValidator)
}

/** Gives a part that is whole and checked the name that it is for. */
export const finish = Effect.fn("Part.finish")(function* (target: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const { origin, part } = pathsOf(target)
  yield* fileSystem.rename(part, target)
  yield* SafeFile.syncFolder(dirname(target))
  yield* removeIfThere(origin)
}, Effect.uninterruptible)

/** Removes a part of which nothing can be used. */
export const discard = Effect.fn("Part.discard")(function* (target: string) {
  const { origin, part } = pathsOf(target)
  yield* removeIfThere(part)
  yield* removeIfThere(origin)
}, Effect.uninterruptible)

const removeIfThere = Effect.fnUntraced(function* (path: string) {
  const fileSystem = yield* FileSystem.FileSystem
  yield* fileSystem.remove(path, { force: true })
})
