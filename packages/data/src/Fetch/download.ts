import { join } from "node:path"
import * as SafeFile from "@moco/core/SafeFile"
import { ByteSize, Effect, Option, Result } from "effect"
import type { Download } from "../Catalog/CatalogEntry.ts"
import type { DatasetCorrupt } from "../Dataset/errors.ts"
import { check } from "../KnownFile.ts"
import { FetchFailed } from "./errors.ts"
import type { Observe } from "./events.ts"
import * as Part from "./Part.ts"
import { receive } from "./receive.ts"

/**
 * Fetches a file into a folder. It appears under its name when it is whole and the published one; until then its first
 * bytes lie in `NAME.part`, and whoever asks for it again goes on with them.
 *
 * The addresses are tried in order. A file that is another than the published one is removed; where no address has the
 * right one, it is said what each of them had.
 *
 * **Gotchas** Nobody else may fetch into the folder at the same time.
 *
 * @param folder  must be there
 * @returns the file's path
 */
export const download = Effect.fn("Fetch.download")(function* (
  dataset: string,
  file: Download,
  folder: string,
  observe: Observe
) {
  const target = join(folder, file.name)
  yield* requireFree(target)
  const tried: Array<{ readonly address: string; readonly problem: string }> = []
  let corrupt: DatasetCorrupt | undefined
  for (const address of file.addresses) {
    const last = tried.at(-1)
    if (last !== undefined)
      yield* observe({ kind: "elsewhere", file: file.name, problem: last.problem, address })
    const result = yield* Effect.result(fromAddress(target, address, dataset, file, observe))
    if (Result.isSuccess(result)) return target
    const { failure } = result
    if (failure._tag === "Setback") tried.push({ address, problem: failure.problem })
    else if (failure._tag === "DatasetCorrupt") {
      corrupt = failure
      tried.push({ address, problem: `another file than the published one (${failure.actual})` })
    }
    // The disk is no better at another address.
    else return yield* Effect.fail(failure)
  }
  // Of several addresses all that went wrong is told.
  if (corrupt !== undefined && tried.length === 1) return yield* corrupt
  const hint = hintOf(dataset, file, yield* sizeOfPart(target))
  return yield* new FetchFailed({ dataset, file: file.name, tried, hint })
})

const elsewhere = (dataset: string, { name }: Download) =>
  `get ${name} elsewhere and run: npx moco data fetch ${dataset} --from=DIR, the folder that it is in`

const hintOf = (dataset: string, file: Download, numKept: number): string => {
  const again =
    numKept > 0
      ? `run it again: it goes on behind the ${numKept} of ${file.numBytes} bytes that have come`
      : "try again later"
  return `${again}; or ${elsewhere(dataset, file)}`
}

const sizeOfPart = (target: string) =>
  Effect.map(SafeFile.lstat(Part.pathsOf(target).part), (info) =>
    Option.match(info, { onNone: () => 0, onSome: ({ size }) => Number(ByteSize.toBigInt(size)) })
  )

/** Refuses to put a file where something else is than a file, before anything is fetched. */
const requireFree = Effect.fnUntraced(function* (target: string) {
  for (const path of [target, ...Object.values(Part.pathsOf(target))]) {
    const found = yield* SafeFile.lstat(path)
    if (Option.isSome(found) && found.value.type !== "File") {
      const hint = "remove it, or name another folder with --data-dir"
      return yield* SafeFile.refuse("fetch", path, "it is no regular file", hint)
    }
  }
})

/** Fetches a file from one address, and keeps it where it is the published one. */
const fromAddress = Effect.fnUntraced(function* (
  target: string,
  address: string,
  dataset: string,
  file: Download,
  observe: Observe
) {
  const { digest, name, numBytes } = file
  yield* receive(target, address, file, observe)
  const { part } = Part.pathsOf(target)
  const known = { name, numBytes: [numBytes, numBytes], digest } as const
  const hint = `nothing of it was kept; try again, or ${elsewhere(dataset, file)}`
  const knownBy = yield* check(part, known, {
    hint,
    shownAs: address,
    observe: (done) => observe({ kind: "checked", file: name, done, total: numBytes })
  }).pipe(Effect.tapErrorTag("DatasetCorrupt", () => Part.discard(target)))
  yield* Part.finish(target)
  yield* observe({ kind: "kept", file: name, path: target, numBytes, knownBy })
})
