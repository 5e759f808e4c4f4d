import * as Escape from "@moco/core/Escape"
import { codeOfRunError, codeOfSignal, ExitCode, errorsIn, type Stopping } from "@moco/train/ExitCode"
import { Cause, Console, Effect, Exit, Predicate } from "effect"
import { CliError } from "effect/cli"

const byTag = {
  ...codeOfRunError,
  NotReady: ExitCode.negative,
  ParityBroken: ExitCode.negative,
  StudyFruitless: ExitCode.negative,
  StudyInvalid: ExitCode.config,
  FetchFailed: ExitCode.data,
  FixtureUnusable: ExitCode.data,
  FlagsInvalid: ExitCode.config,
  SettingUnknown: ExitCode.config,
  NoRun: ExitCode.data,
  RunUndrawable: ExitCode.data,
  TrialImpossible: ExitCode.data,
  RunIncomparable: ExitCode.corrupt,
  StudyRecordCorrupt: ExitCode.corrupt,
  StudyDefinitionDamaged: ExitCode.corrupt,
  PortUnavailable: ExitCode.resource,
  StudyFolderOccupied: ExitCode.resource,
  RunInUse: ExitCode.resource,
  StudyRecordError: ExitCode.resource
} as const

/** The tags of the table. */
export const expectedTags: ReadonlyArray<string> = Object.keys(byTag)

/** Every error that a command may fail with. One that is not in the table does not compile. */
export interface ExpectedError {
  readonly _tag: keyof typeof byTag
  readonly message: string
}

/**
 * The exit code of a program that ended so; `signal` is the one that stopped it, where one did. What failed goes before
 * the signal: whoever stops a run has to hear that it could not be saved. Of several failures the first one decides.
 */
export const exitCodeOf = (exit: Exit.Exit<unknown, unknown>, signal: Stopping | undefined): number => {
  if (Exit.isSuccess(exit)) return ExitCode.success
  if (Cause.hasDies(exit.cause)) return ExitCode.defect
  const [error] = errorsIn(exit.cause)
  if (error === undefined) return codeOfSignal[signal ?? "SIGINT"]
  if (CliError.isCliError(error)) return asksForHelp(error) ? ExitCode.success : ExitCode.config
  return isExpected(error) ? byTag[error._tag] : ExitCode.defect
}

/** Tells why a program failed, on standard error: every expected error by its message alone, a bug with its stack. */
export const report = (cause: Cause.Cause<unknown>): Effect.Effect<void> => {
  const errors = errorsIn(cause)
  // The command line has shown its help and what is wrong already.
  const untold = errors.filter((error) => !CliError.isCliError(error))
  const messages = new Set(untold.filter(isExpected).map((error) => `error: ${Escape.message(error)}`))
  const isBug = Cause.hasDies(cause) || !untold.every(isExpected)
  const request = "This is a bug in moco-effect: please report it with the lines above."
  const told = isBug ? [`${Escape.terminal(Cause.pretty(cause))}\n\n${request}`] : [...messages]
  return Effect.forEach(told, (text) => Console.error(text), { discard: true })
}

/** A command that only has subcommands was called without one: its help is the answer, nothing is wrong. */
const asksForHelp = (error: CliError.CliError): boolean =>
  error._tag === "ShowHelp" && error.errors.length === 0

const isExpected = (error: unknown): error is ExpectedError & Error =>
  error instanceof Error && Predicate.hasProperty(error, "_tag") && Object.hasOwn(byTag, String(error._tag))
