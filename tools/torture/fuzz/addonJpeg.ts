import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Decoders, Waiting } from "@moco/data/Decode/Decoders"
import { startNative } from "@moco/data/Decode/native"
import type { Job } from "@moco/data/Decode/worker"
import { loadNativeLibrary } from "@moco/native/NativeLibrary"
import { Effect } from "effect"

const leftToOthers: Decoders = {
  ask: ({ done }: Waiting) => done({ problem: "left to the other decoder", isRead: true }),
  forget: () => {},
  end: () => Promise.resolve()
}

interface Started {
  readonly decoders: Decoders
  readonly file: string
}

/** Loads libtensorflow: only where this parser is asked. */
const started = (() => {
  let known: Started | undefined
  return (): Started => {
    if (known !== undefined) return known
    const library = loadNativeLibrary()
    const decoders = library && startNative(library.images, 1, leftToOthers)
    if (decoders === undefined) throw new Error("the addon is not built: npx nx run tools:libtensorflow")
    const folder = mkdtempSync(join(tmpdir(), "moco-fuzz-"))
    process.once("exit", () => rmSync(folder, { recursive: true }))
    known = { decoders, file: join(folder, "file.jpg") }
    return known
  }
})()

/** What the addon's threads make of a JPEG that lies in a file; what it leaves to others counts as refused. */
export const decodeByAddon = (bytes: Uint8Array, options: Omit<Job, "path">) =>
  Effect.callback<unknown, string>((resume) => {
    const { decoders, file } = started()
    writeFileSync(file, bytes)
    decoders.ask({
      job: { ...options, path: file },
      done: (outcome) =>
        resume("image" in outcome ? Effect.succeed(outcome.image) : Effect.fail(outcome.problem))
    })
  })
