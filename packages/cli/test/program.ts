import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, onTestFinished } from "@effect/vitest"

export const main = join(import.meta.dirname, "../src/main.ts")
export const root = join(import.meta.dirname, "../../..")

/** The path of a folder that does not exist yet, for the test that is running. */
export const fresh = () => {
  const parent = mkdtempSync(join(tmpdir(), "moco-cli-"))
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }))
  return join(parent, "run")
}

/** Stands among a training's arguments where it shall end with a report, as it does for a user. */
export const reported = "(with a report)"

/**
 * A step of the default recipe takes several times as long, and to look at an encoder more than a short training: a training
 * that names no recipe is one of the quick one, and ends without a report where it is not {@link reported}.
 */
const quickly = ([command = "", ...args]: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (command !== "train") return [command, ...args]
  const isNamed = args.some((arg) => /^--(recipe|config|resume|data|help)\b/.test(arg))
  const isShort = !args.includes(reported) && !args.includes("--no-report")
  return [
    ...[command, ...(isNamed ? [] : ["--recipe=fashionMnistQuick"]), ...(isShort ? ["--no-report"] : [])],
    ...args.filter((arg) => arg !== reported)
  ]
}

/** Starts the program as a user does, with {@link quickly}; NO_COLOR and no terminal, as in a pipe. */
export const start = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) => {
  const child = spawn(process.execPath, [main, ...quickly(args)], {
    cwd: root,
    env: { ...process.env, NO_COLOR: "1", ...env }
  })
  return watched(child)
}

/** Starts the program from a script of bash, in which it is `"$@"`. */
export const startInShell = (script: string, args: ReadonlyArray<string>) =>
  watched(
    spawn("bash", ["-c", script, "bash", process.execPath, main, ...quickly(args)], {
      cwd: root,
      env: { ...process.env, NO_COLOR: "1" }
    })
  )

const watched = (child: ChildProcessWithoutNullStreams) => {
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

/** Settings of a trial that takes seconds: 16 steps of a tiny encoder. */
export const tinyTrial = {
  "encoder.layers": [1],
  "encoder.width": 16,
  "encoder.stem": "imagenet",
  "encoder.featureSize": 16,
  "training.epochs": 1,
  "training.batchSize": 500
}

/** Writes a study into `folder`; gives the file's path. */
export const writeStudy = (folder: string, study: unknown): string => {
  const file = join(folder, "mine.json")
  writeFileSync(file, JSON.stringify(study))
  return file
}

/** Arguments of a run with 40 steps an epoch on the embedded images, with a tiny encoder. */
export const tinyRun = ({ epochs }: { readonly epochs: number }) => [
  ...["--set", "encoder.layers=[1]", "--set", "encoder.width=16", "--set", "encoder.stem=imagenet"],
  ...["--set", "encoder.featureSize=16", "--set", "dictionary.size=1000", "--set", "training.batchSize=200"],
  ...["--set", "evaluations.knn.everyEpochs=10", `--epochs=${epochs}`]
]

/** The lines of a JSONL file that are whole; none where there is no file. */
export const jsonLines = (file: string) => {
  try {
    const lines = readFileSync(file, "utf8").split("\n").slice(0, -1)
    return lines.map((line) => JSON.parse(line))
  } catch {
    return []
  }
}

/** The steps in a run's log. */
export const stepsOf = (folder: string): ReadonlyArray<{ readonly step: number; readonly loss: number }> =>
  jsonLines(join(folder, "metrics.jsonl")).flatMap((line) =>
    line.event === "step" ? [{ step: line.step, loss: line.metrics.loss }] : []
  )

/** Names of the whole checkpoints of a run, rising. */
export const checkpointsOf = (folder: string): ReadonlyArray<string> => {
  try {
    return readdirSync(join(folder, "checkpoints"))
      .filter((name) => /^\d+$/.test(name))
      .sort()
  } catch {
    return []
  }
}

/** SHA-256 of a file, hexadecimal. */
export const sha256 = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex")

/** What a run's future depends on, as its newest checkpoint has it: the hash of each part. */
export const stateOf = (folder: string): ReadonlyArray<string> => {
  const newest = join(folder, "checkpoints", checkpointsOf(folder).at(-1)!)
  const parts = ["query.safetensors", "optimizer.safetensors", "dictionary.safetensors"]
  return parts.map((part) => sha256(join(newest, part)))
}

/** The trials that a study has recorded, in the order in which they ended. */
export const recorded = (
  folder: string
): ReadonlyArray<{ readonly trial: string; readonly outcome: string; readonly seed: number }> =>
  jsonLines(join(folder, "trials.jsonl"))

/** Ids of running processes that were told to work in `folder`. */
export const processesOf = (folder: string): ReadonlyArray<string> =>
  readdirSync("/proc").filter((id) => {
    try {
      return /^\d+$/.test(id) && readFileSync(`/proc/${id}/cmdline`, "utf8").includes(folder)
    } catch {
      return false
    }
  })
