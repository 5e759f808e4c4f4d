import * as ProcessEnvironment from "@moco/core/ProcessEnvironment"
import { stopWithParent } from "@moco/core/stopWithParent"
import type { Row } from "./Case.ts"

/** Where the programs are. Tests give others. */
export interface Places {
  readonly node: string
  /** Our command line. */
  readonly main: string
  readonly python: string
  /** The same step in PyTorch. */
  readonly script: string
  readonly cacheDir: string
}

/** How much is done in a block. */
export interface Work {
  readonly steps: number
  /** Steps before them that do not count. */
  readonly warmUp: number
  readonly threads: number
  readonly augment: boolean
}

export interface Command {
  readonly program: string
  readonly args: ReadonlyArray<string>
}

/** The command of a block; both sides understand the same flags. */
export const commandOf = (places: Places, { program, settings }: Row, work: Work): Command => {
  const flags = [
    `--encoder=${settings.encoder}`,
    `--image-size=${settings.imageSize}`,
    `--channels=${settings.channels}`,
    `--batch-size=${settings.batchSize}`,
    `--queue-size=${settings.queueSize}`,
    `--bn-groups=${settings.bnGroups}`,
    `--augment=${work.augment ? "on" : "off"}`,
    `--steps=${work.steps}`,
    `--warm-up=${work.warmUp}`,
    `--threads=${work.threads}`
  ]
  // Disturbed blocks are measured again here, on both sides alike.
  if (program === "ours") return { program: places.node, args: [places.main, "bench", ...flags, "--tries=1"] }
  const [format, compile] = program.split("-compile")
  const args = [places.script, ...flags, `--format=${format}`]
  return { program: places.python, args: compile === undefined ? args : [...args, "--compile"] }
}

/** What every block finds in its environment, whichever side it is of: PyTorch gains from these settings too. */
export const environmentOf = (
  platform: string,
  environment: Readonly<Record<string, string | undefined>>,
  threads: number,
  cacheDir: string
): Readonly<Record<string, string>> => {
  const variables = ProcessEnvironment.unset(platform, environment)
  const names = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"]
  return {
    ...Object.fromEntries(variables.map(({ name, value }) => [name, value])),
    ...Object.fromEntries(names.map((name) => [name, String(threads)])),
    TF_NUM_INTEROP_THREADS: "1",
    // Whatever the user has set: ours is measured with its own ops.
    MOCO_NATIVE_OPS: "1",
    // What is compiled once is compiled for all rounds.
    TORCHINDUCTOR_CACHE_DIR: `${cacheDir}/torchinductor`,
    ...stopWithParent,
    NO_COLOR: "1"
  }
}
