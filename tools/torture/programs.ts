import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

const main = new URL("../../packages/cli/src/main.ts", import.meta.url).pathname

/** A run of 40 steps an epoch on the embedded images: a tiny encoder, several checkpoints an epoch. */
export const runArgs = (
  mechanism: Mechanism,
  { epochs, evaluateEvery = 2 }: { readonly epochs: number; readonly evaluateEvery?: number }
): ReadonlyArray<string> => [
  "train",
  ...["--set", "encoder.layers=[1]", "--set", "encoder.width=16", "--set", "encoder.stem=imagenet"],
  ...["--set", "encoder.featureSize=16", "--set", "encoder.batchNormGroups=2"],
  ...["--set", "training.batchSize=200", `--epochs=${epochs}`],
  ...["--set", `evaluations.knn.everyEpochs=${evaluateEvery}`],
  ...["--set", `dictionary=${JSON.stringify(mechanisms[mechanism])}`]
]

/** The three mechanisms of the runs. */
export const mechanisms = {
  queue: { kind: "queue", size: 1000 },
  memoryBank: { kind: "memoryBank", size: 500, entryMomentum: 0.5, redrawOwn: true },
  endToEnd: { kind: "endToEnd", weights: "separate" }
} as const
export type Mechanism = keyof typeof mechanisms
export const mechanismNames = Object.keys(mechanisms) as ReadonlyArray<Mechanism>

export const freshFolder = (): string => join(mkdtempSync(join(tmpdir(), "moco-torture-")), "run")

/** Removes what {@link freshFolder} has made. */
export const removeRun = (folder: string): void => rmSync(dirname(folder), { recursive: true, force: true })

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts the real program. */
export const start = (
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } => {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"]
  })
  let [stdout, stderr] = ["", ""]
  child.stdout!.on("data", (data) => (stdout += data))
  child.stderr!.on("data", (data) => (stderr += data))
  const ended = new Promise<Ended>((resolve) =>
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }))
  )
  return { child, ended }
}

/** Names of the whole checkpoints in a run folder, rising. */
export const checkpointsOf = (folder: string): ReadonlyArray<string> => {
  const root = join(folder, "checkpoints")
  return existsSync(root)
    ? readdirSync(root)
        .filter((name) => /^\d+$/.test(name))
        .sort()
    : []
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
