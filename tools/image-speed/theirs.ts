import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { Effect, Schema } from "effect"
import type { Kind, Pass } from "./ours.ts"

/** What torchvision makes of every file: as ours, or a crop that is left as bytes. */
export type TheirKind = Kind | "bytes"

const script = fileURLToPath(new URL("./torchvision_loader.py", import.meta.url))

const Versions = Schema.fromJsonString(
  Schema.Struct({ torch: Schema.String, torchvision: Schema.String, pillow: Schema.String })
)
const Answer = Schema.fromJsonString(
  Schema.Struct({ seconds: Schema.Finite, processorSeconds: Schema.Finite })
)

/** torchvision's DataLoader, in a process of its own that waits between its turns. */
export interface Theirs {
  readonly versions: typeof Versions.Type
  readonly passOver: (kind: TheirKind) => Effect.Effect<Pass>
}

/**
 * Starts it, until the Scope closes.
 *
 * @returns nothing where this Python has no torchvision
 */
export const startTorchvision = Effect.fn("startTorchvision")(function* (
  python: string,
  folder: string,
  workers: number
) {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(python, [script, folder, String(workers)], { stdio: ["pipe", "pipe", "inherit"] })
    ),
    (started) => Effect.sync(() => started.stdin.end())
  )
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const failed = once(child, "error").then(() => undefined)
  const line = Effect.promise(() => Promise.race([lines.next().then(({ value }) => value), failed]))
  const first = yield* line
  if (first === undefined) return undefined
  const theirs: Theirs = {
    versions: yield* Effect.orDie(Schema.decodeUnknownEffect(Versions)(first)),
    passOver: (kind) =>
      Effect.suspend(() => {
        child.stdin.write(`${kind}\n`)
        return Effect.flatMap(line, (answer) => Effect.orDie(Schema.decodeUnknownEffect(Answer)(answer)))
      })
  }
  return theirs
})
