import { spawn } from "node:child_process"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert } from "@effect/vitest"

const main = join(import.meta.dirname, "../src/main.ts")
export const root = join(import.meta.dirname, "../../..")

/** The path of a folder that does not exist yet. */
export const fresh = () => join(mkdtempSync(join(tmpdir(), "moco-cli-")), "run")

/** Starts the program as a user does; NO_COLOR and no terminal, as in a pipe. */
export const start = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) => {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: "1", ...env }
  })
  let stdout = ""
  let stderr = ""
  child.stdout.on("data", (data) => (stdout += data))
  child.stderr.on("data", (data) => (stderr += data))
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, stdout, stderr }))
  )
  return { child, ended, output: () => stdout }
}

/** Runs the program to its end. */
export const run = (...args: ReadonlyArray<string>) => start(args).ended

export const lastLine = (text: string) => text.trimEnd().split("\n").at(-1)!

/** Waits until `isSo`, for at most a minute. */
export const until = async (isSo: () => boolean) => {
  for (let tries = 0; tries < 2400 && !isSo(); tries++)
    await new Promise((resolve) => setTimeout(resolve, 25))
  assert.isTrue(isSo(), "what was waited for did not happen within a minute")
}

/** What a user's mistake looks like: its message on standard error, and no stack. */
export const assertPlainError = (stderr: string, ...words: ReadonlyArray<string>) => {
  for (const word of words) assert.include(stderr, word)
  assert.notMatch(stderr, /\n\s+at .*:\d+:\d+/)
}
