import { dirname, join } from "node:path"
import * as SafeFile from "@moco/core/SafeFile"
import { Effect } from "effect"
import { DatasetUnreadable } from "../Dataset/errors.ts"
import { check, type KnownFile } from "../KnownFile.ts"
import type { Observe } from "./events.ts"
import * as Part from "./Part.ts"

/** Bytes that are held while a file is copied. */
const chunkSize = 2 ** 22

/** Where a file lies below the folder of its data set. */
export const targetOf = (folder: string, { folder: inside = "", name }: KnownFile): string =>
  join(folder, inside, name)

/**
 * Copies a file to where it is looked for. As with a download, it has its name when it is whole and the known one, and
 * nothing stays of it otherwise.
 */
export const copy = Effect.fn("Fetch.copy")(function* (
  source: string,
  known: KnownFile,
  folder: string,
  observe: Observe
) {
  const target = targetOf(folder, known)
  const { name } = known
  const unreadable = Effect.mapError(
    (cause: unknown) =>
      new DatasetUnreadable({ file: source, hint: "check its permissions, and --from", cause })
  )
  const file = yield* unreadable(SafeFile.openToRead(source, { maxBytes: Number.POSITIVE_INFINITY }))
  const total = file.size
  yield* observe({ kind: "begun", file: name, address: source, done: 0, total })
  const knownBy = yield* writeWhole(target, known, source, (write) =>
    Effect.gen(function* () {
      for (let start = 0; start < total; start += chunkSize) {
        const end = Math.min(total, start + chunkSize)
        yield* write(yield* unreadable(file.read(start, end)))
        yield* observe({ kind: "received", file: name, done: end, total })
      }
    })
  )
  yield* observe({ kind: "kept", file: name, path: target, numBytes: total, knownBy })
}, Effect.scoped)

/**
 * Writes a file that gets its name when it is whole and the known one; of a download that was begun under this name
 * nothing stays.
 *
 * @param origin  what it is made from, for the error
 * @returns by what it is known
 */
export const writeWhole = <E, R>(
  target: string,
  known: KnownFile,
  origin: string,
  fill: (write: (bytes: Uint8Array) => ReturnType<Writer>) => Effect.Effect<void, E, R>
) =>
  Effect.gen(function* () {
    if (known.folder !== undefined) yield* SafeFile.makeFolder(dirname(target))
    yield* Effect.scoped(
      Effect.gen(function* () {
        const part = yield* Part.open(target, 0)
        yield* fill((bytes) => part.writeAll(bytes))
        yield* part.sync
      })
    )
    const hint = "nothing of it was kept; give the published file"
    const knownBy = yield* check(Part.pathsOf(target).part, known, { hint, shownAs: origin })
    yield* Part.finish(target)
    return knownBy
  }).pipe(Effect.onError(() => Effect.ignore(Part.discard(target))))

type Writer = Effect.Success<ReturnType<typeof Part.open>>["writeAll"]
