import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, rmSync } from "node:fs"
import { dirname } from "node:path"
import { readBytes, replace } from "@moco/native/PlainFile"
import { Effect } from "effect"

/** What belongs together: parts of another commit or seed are no parts of this. */
export interface Origin {
  readonly commit: string
  readonly seed: number
  readonly short: boolean
}

/** The commit of the checkout; where files differ from it, a hash of how they do. */
export const commitOf = (folder: string): string => {
  const git = (...args: ReadonlyArray<string>) =>
    execFileSync("git", [...args], {
      cwd: folder,
      encoding: "utf8",
      maxBuffer: 2 ** 28,
      stdio: ["ignore", "pipe", "ignore"]
    })
  try {
    const changes = git("status", "--porcelain") + git("diff", "HEAD")
    const hash = createHash("sha256").update(changes).digest("hex").slice(0, 6)
    return `${git("rev-parse", "--short=12", "HEAD").trim()}${changes === "" ? "" : `+${hash}`}`
  } catch {
    return "unknown"
  }
}

/** Remembers parts of a long work, so that a stop loses one part and not hours. */
export interface Progress {
  /** What `part` gives: from the file if it was done before, else done now and written down. Values are JSON. */
  readonly once: <A, E, R>(name: string, part: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Forgets everything, once the whole is written. */
  readonly forget: Effect.Effect<void>
}

/** Remembers nothing. */
export const none: Progress = { once: (_name, part) => part, forget: Effect.void }

/** Of some thousands of parts. */
const maxBytes = 2 ** 28

/** Remembers in `file`, one line of JSON a part; what is there of another origin is an error, in words. */
export const inFile = (file: string, origin: Origin): Progress | string => {
  const header = JSON.stringify(origin)
  const [before, ...lines] = existsSync(file) ? readBytes(file, maxBytes).toString("utf8").split("\n") : []
  if (before !== undefined && before !== header) {
    return `${file} holds parts of ${before}, and this is ${header}: remove it, or go on with that`
  }
  const done = new Map<string, unknown>()
  // The last line of a killed process may be torn: its part is done again.
  for (const line of lines) {
    const [name, value] = parsed(line)
    if (name !== undefined) done.set(name, value)
  }
  mkdirSync(dirname(file), { recursive: true })
  // Written anew every time, and so without a torn line.
  const write = () =>
    replace(file, `${[header, ...Array.from(done, (part) => JSON.stringify(part))].join("\n")}\n`)
  write()
  return {
    once: <A, E, R>(name: string, part: Effect.Effect<A, E, R>) =>
      Effect.suspend(() =>
        done.has(name)
          ? Effect.succeed(done.get(name) as A)
          : Effect.tap(part, (value) =>
              Effect.sync(() => {
                done.set(name, value)
                write()
              })
            )
      ),
    forget: Effect.sync(() => rmSync(file, { force: true }))
  }
}

const parsed = (line: string): readonly [string, unknown] | readonly [] => {
  try {
    return JSON.parse(line)
  } catch {
    return []
  }
}
