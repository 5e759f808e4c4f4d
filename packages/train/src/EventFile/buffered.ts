import * as Escape from "@moco/core/Escape"
import * as SafeFile from "@moco/core/SafeFile"
import { ByteSize, Clock, Effect, FileSystem, Option, Path, Semaphore } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { fileTrouble } from "../fileTrouble.ts"
import { warning } from "../Run/RunMessages.ts"
import { versionEvent } from "./events.ts"
import { projectorFiles } from "./projector.ts"
import { concat } from "./protobuf.ts"
import { toRecord } from "./record.ts"

/** Milliseconds from one write to the next. */
const interval = 1000

/** What is written at once, however soon. */
const enoughBytes = 2 ** 18

/** What is kept of what cannot be written; with more of it, the file is given up. */
const maxBytes = 2 ** 22

/**
 * A new event file in `folder` to which events are added, written about once a second; the folder is made with the first
 * write. A process that is killed loses the last second, and leaves a torn record at most, where a reader stops.
 *
 * A file that cannot be written fails nothing: it is told once, and tried again at the next write.
 */
export const openBuffered = Effect.fnUntraced(function* (folder: string) {
  const services = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
  const turn = yield* Semaphore.make(1)
  let pending: ReadonlyArray<Uint8Array> = []
  let numPending = 0
  let dueAt = 0
  let file: { readonly path: string; readonly end: number } | undefined
  let state: "whole" | "told" | "given up" = "whole"

  const writePending = Effect.gen(function* () {
    const { end, path } = file ?? (yield* begin(folder))
    file = { path, end }
    const records = pending
    const bytes = concat(records)
    yield* append(path, end, bytes)
    file = { path, end: end + bytes.length }
    pending = pending.slice(records.length)
    numPending -= bytes.length
  }).pipe(
    Effect.catch((error: PlatformError) => {
      const isTold = state !== "whole"
      state = numPending > maxBytes ? "given up" : "told"
      if (state === "given up") [pending, numPending] = [[], 0]
      if (isTold) return Effect.void
      return tell(file?.path ?? folder, error)
    })
  )
  const flush = Effect.gen(function* () {
    dueAt = (yield* Clock.currentTimeMillis) + interval
    if (numPending > 0) yield* writePending
  }).pipe(turn.withPermits(1), Effect.provide(services), Effect.uninterruptible)

  const add = Effect.fnUntraced(function* (event: Uint8Array) {
    if (state === "given up") return
    const record = toRecord(event)
    pending = [...pending, record]
    numPending += record.length
    if (numPending >= enoughBytes || (yield* Clock.currentTimeMillis) >= dueAt) yield* flush
  })
  yield* Effect.addFinalizer(() => flush)
  return { add, flush }
})

const tell = (path: string, error: PlatformError) => {
  const { hint, reason } = fileTrouble(error)
  const trouble = `what TensorBoard reads, ${Escape.line(path)}, cannot be written: ${Escape.line(reason)}`
  return warning(`${trouble}; the run goes on, and its log has every number (${hint})`)
}

/** Makes the folder where it is not, and in it a file that TensorBoard reads after those that are there: by their names. */
const begin = Effect.fnUntraced(function* (folder: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  yield* SafeFile.makeFolder(folder)
  yield* SafeFile.removeDrafts(folder, (yield* fileSystem.readDirectory(folder)).flatMap(targetOfDraft))
  const names = yield* fileSystem.readDirectory(folder)
  const time = yield* Clock.currentTimeMillis
  const path = join(folder, nextName(names, Math.floor(time / 1000)))
  const first = toRecord(versionEvent(time))
  yield* SafeFile.replace(path, first)
  return { path, end: first.length }
})

/** What a file that is half made is to become, where it is one of those that are written here. */
const targetOfDraft = (name: string): ReadonlyArray<string> => {
  const target = name.split(".").slice(0, -2).join(".")
  const isOurs = eventFile.test(target) || Object.values<string>(projectorFiles).includes(target)
  return isOurs ? [target] : []
}

const eventFile = /^events\.out\.tfevents\.(\d{1,15})\..*$/

/** The name of a file that is begun at a time, in seconds: behind all others, also where the clock went back. */
export const nextName = (names: ReadonlyArray<string>, seconds: number): string => {
  const begun = names.flatMap((name) => Number(eventFile.exec(name)?.[1] ?? []))
  const at = begun.reduce((latest, before) => Math.max(latest, before + 1), seconds)
  return `events.out.tfevents.${String(at).padStart(10, "0")}.moco.${begun.length}`
}

/** Adds to a file that ends at `end`; one that has other names is copied first. What a failed write leaves is removed. */
const append = Effect.fnUntraced(function* (path: string, end: number, bytes: Uint8Array) {
  const found = yield* SafeFile.lstat(path)
  const size = Option.match(found, { onNone: () => 0, onSome: ({ size }) => Number(ByteSize.toBigInt(size)) })
  if (size < end) {
    const reason = "it was removed, cut or replaced while it was in use"
    return yield* SafeFile.refuse("append", path, reason, "the next start of the run begins another one")
  }
  const file = yield* SafeFile.openToAppend(path)
  if (size > end) yield* file.truncate(end)
  yield* Effect.tapError(file.writeAll(bytes), () => Effect.ignore(file.truncate(end)))
}, Effect.scoped)
