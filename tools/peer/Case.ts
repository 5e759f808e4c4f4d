/** Sizes of a training step; both sides take them as flags of these names. */
export interface Settings {
  readonly encoder: string
  /** Height and width, pixels. */
  readonly imageSize: number
  readonly channels: number
  readonly batchSize: number
  readonly queueSize: number
  readonly bnGroups: number
}

/** The programs that take the same step. */
export const programs = {
  ours: "ours",
  nchw: "PyTorch NCHW",
  "channels-last": "PyTorch channels-last",
  "nchw-compile": "PyTorch NCHW, compiled",
  "channels-last-compile": "PyTorch channels-last, compiled"
} as const
export type Program = keyof typeof programs
export const programNames = Object.keys(programs) as ReadonlyArray<Program>

export const isCompiled = (program: Program): boolean => program.endsWith("-compile")

/** Something to be compared. */
export interface Case {
  readonly name: string
  readonly settings: Settings
  /** A second size of the queue: then every program is measured with both, and the difference is the cost of growth. */
  readonly grownQueueSize?: number
}

/** A program at its sizes: a line of a case's table. */
export interface Row {
  /** Unique in its case. */
  readonly name: string
  readonly program: Program
  readonly settings: Settings
}

const resnet18 = { encoder: "resnet18", imageSize: 32, channels: 3, queueSize: 4096, bnGroups: 1 }
const resnet20 = { ...resnet18, encoder: "resnet20", imageSize: 28, channels: 1, batchSize: 256 }

/** What is compared where nothing else is asked for. */
export const defaultCases: ReadonlyArray<Case> = [
  { name: "resnet18-b64", settings: { ...resnet18, batchSize: 64 } },
  { name: "resnet18-b256", settings: { ...resnet18, batchSize: 256 } },
  { name: "resnet20-b256", settings: resnet20 },
  { name: "resnet20-b256-groups8", settings: { ...resnet20, bnGroups: 8 } },
  { name: "growth", settings: resnet20, grownQueueSize: 65_536 }
]

/** Of a single case, what its flags do not say. */
export const baseSettings: Settings = { ...resnet18, batchSize: 64 }

/** The lines of a case. What a larger queue costs lies outside of what is compiled, so growth is measured without. */
export const rowsOf = (
  { grownQueueSize, settings }: Case,
  chosen: ReadonlyArray<Program>
): ReadonlyArray<Row> => {
  if (grownQueueSize === undefined) return chosen.map((program) => ({ name: program, program, settings }))
  return chosen
    .filter((program) => !isCompiled(program))
    .flatMap((program) =>
      [settings.queueSize, grownQueueSize].map((queueSize) => ({
        name: `${program} K=${queueSize}`,
        program,
        settings: { ...settings, queueSize }
      }))
    )
}

/** One block of a round. */
export interface Turn {
  readonly round: number
  readonly row: Row
}

/** A B C A B C ...: what drifts while a case is measured (heat, other machines) meets every row alike. */
export const turnsOf = (rows: ReadonlyArray<Row>, rounds: number): ReadonlyArray<Turn> =>
  Array.from({ length: rounds }, (_, index) => rows.map((row) => ({ round: index + 1, row }))).flat()

/** The sizes in words. */
export const describe = ({ bnGroups, channels, encoder, imageSize, batchSize }: Settings): string =>
  `${encoder}, ${channels} x ${imageSize} x ${imageSize}, batch ${batchSize}, ` +
  `${bnGroups === 1 ? "ordinary batch norm" : `batch norm in ${bnGroups} groups`}`
