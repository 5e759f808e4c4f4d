import { Cause, Console, Effect, Exit, Predicate } from "effect"
import { CliError } from "effect/cli"

/** Exit codes by family of errors; through nx any of them but 0 becomes 1. */
export const ExitCode = {
  success: 0,
  /** The command ran and its answer is no: `doctor` found something missing, `parity` a difference, `ablate` no result. */
  negative: 1,
  /** Wrong flags, or a config that no run can be started with. */
  config: 2,
  /** A data set or a file that was named is not there or cannot be read. */
  data: 3,
  /** A file is there and damaged. */
  corrupt: 4,
  /** A number that decides the run is no longer finite. */
  nonFinite: 5,
  /** The backend, memory, disk or run folder. */
  resource: 6,
  /** A bug. */
  defect: 70,
  /** Ctrl-C. */
  interrupted: 130,
  terminated: 143
} as const

const byTag = {
  NotReady: ExitCode.negative,
  ParityBroken: ExitCode.negative,
  StudyFruitless: ExitCode.negative,
  ConfigInvalid: ExitCode.config,
  ConfigUnreadable: ExitCode.config,
  BatchSizeInvalid: ExitCode.config,
  StageInvalid: ExitCode.config,
  ConfigChanged: ExitCode.config,
  StudyInvalid: ExitCode.config,
  DatasetInvalid: ExitCode.data,
  DatasetMissing: ExitCode.data,
  DatasetUnreadable: ExitCode.data,
  FixtureUnusable: ExitCode.data,
  FlagsContradict: ExitCode.config,
  RunFolderEmpty: ExitCode.data,
  SnapshotMismatch: ExitCode.data,
  TrialImpossible: ExitCode.data,
  WeightsUnfit: ExitCode.data,
  WeightsUnreadable: ExitCode.data,
  DatasetCorrupt: ExitCode.corrupt,
  IdxMalformed: ExitCode.corrupt,
  SafetensorsMalformed: ExitCode.corrupt,
  NoCheckpointWhole: ExitCode.corrupt,
  StudyRecordCorrupt: ExitCode.corrupt,
  StudyDefinitionDamaged: ExitCode.corrupt,
  NonFinite: ExitCode.nonFinite,
  BackendUnavailable: ExitCode.resource,
  TensorError: ExitCode.resource,
  RunLogError: ExitCode.resource,
  RunFolderOccupied: ExitCode.resource,
  RunFolderUnwritable: ExitCode.resource,
  CheckpointUnwritable: ExitCode.resource,
  CheckpointUnreadable: ExitCode.resource,
  OutOfMemory: ExitCode.resource,
  StudyFolderOccupied: ExitCode.resource,
  StudyRecordError: ExitCode.resource,
  FolderLocked: ExitCode.resource,
  FolderLockFailed: ExitCode.resource
} as const

/** The tags of the table. */
export const expectedTags: ReadonlyArray<string> = Object.keys(byTag)

/** Every error that a command may fail with. One that is not in the table does not compile. */
export interface ExpectedError {
  readonly _tag: keyof typeof byTag
  readonly message: string
}

/** The exit code of a program that ended so; `signal` is the one that stopped it, where one did. */
export const exitCodeOf = (exit: Exit.Exit<unknown, unknown>, signal: NodeJS.Signals | undefined): number => {
  if (Exit.isSuccess(exit)) return ExitCode.success
  if (Cause.hasInterruptsOnly(exit.cause)) {
    return signal === "SIGTERM" ? ExitCode.terminated : ExitCode.interrupted
  }
  const error = Cause.squash(exit.cause)
  if (Cause.hasDies(exit.cause)) return ExitCode.defect
  if (CliError.isCliError(error)) return asksForHelp(error) ? ExitCode.success : ExitCode.config
  return isExpected(error) ? byTag[error._tag] : ExitCode.defect
}

/** Tells why a program failed, on standard error: an expected error by its message alone, a bug with its stack. */
export const report = (cause: Cause.Cause<ExpectedError | CliError.CliError>): Effect.Effect<void> => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.void
  const error = Cause.squash(cause)
  if (!Cause.hasDies(cause)) {
    // The command line has shown its help and what is wrong already.
    if (CliError.isCliError(error)) return Effect.void
    if (isExpected(error)) return Console.error(`error: ${error.message}`)
  }
  const request = "This is a bug in moco-effect: please report it with the lines above."
  return Console.error(`${Cause.pretty(cause)}\n\n${request}`)
}

/** A command that only has subcommands was called without one: its help is the answer, nothing is wrong. */
const asksForHelp = (error: CliError.CliError): boolean =>
  error._tag === "ShowHelp" && error.errors.length === 0

const isExpected = (error: unknown): error is ExpectedError =>
  error instanceof Error && Predicate.hasProperty(error, "_tag") && Object.hasOwn(byTag, String(error._tag))
