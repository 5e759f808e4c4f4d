import { Cause } from "effect"

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
  /** The terminal was closed. */
  hungUp: 129,
  /** Ctrl-C. */
  interrupted: 130,
  terminated: 143
} as const

/** Exit codes of a program that has saved what there was and lost nothing, by the signal that stopped it. */
export const codeOfSignal = {
  SIGHUP: ExitCode.hungUp,
  SIGINT: ExitCode.interrupted,
  SIGTERM: ExitCode.terminated
} as const

/** A signal that stops the program. */
export type Stopping = keyof typeof codeOfSignal

/** The exit code of every error that a run can end with. */
export const codeOfRunError = {
  BatchSizeInvalid: ExitCode.config,
  ConfigChanged: ExitCode.config,
  ConfigInvalid: ExitCode.config,
  ConfigUnreadable: ExitCode.config,
  EnvironmentInvalid: ExitCode.config,
  InitialWeightsChanged: ExitCode.config,
  StageInvalid: ExitCode.config,
  DatasetInvalid: ExitCode.data,
  DatasetMissing: ExitCode.data,
  DatasetUnreadable: ExitCode.data,
  ImageIndexInvalid: ExitCode.data,
  RunFolderEmpty: ExitCode.data,
  SnapshotMismatch: ExitCode.data,
  WeightsUnfit: ExitCode.data,
  WeightsUnreadable: ExitCode.data,
  DatasetCorrupt: ExitCode.corrupt,
  IdxMalformed: ExitCode.corrupt,
  NoCheckpointWhole: ExitCode.corrupt,
  RunLogCorrupt: ExitCode.corrupt,
  SafetensorsMalformed: ExitCode.corrupt,
  NonFinite: ExitCode.nonFinite,
  NonFiniteTensors: ExitCode.nonFinite,
  BackendUnavailable: ExitCode.resource,
  CheckpointUnreadable: ExitCode.resource,
  CheckpointUnwritable: ExitCode.resource,
  FolderLocked: ExitCode.resource,
  FolderLockFailed: ExitCode.resource,
  OutOfMemory: ExitCode.resource,
  RunFolderOccupied: ExitCode.resource,
  RunFolderUnwritable: ExitCode.resource,
  RunLogError: ExitCode.resource,
  RunWentOn: ExitCode.resource,
  TensorError: ExitCode.resource
} as const

/** Everything that failed, in the order in which it did: of several errors the first one decides the exit code. */
export const errorsIn = <E>({ reasons }: Cause.Cause<E>): ReadonlyArray<E> =>
  reasons.filter(Cause.isFailReason).map(({ error }) => error)

/** Every error that a run can end with. One that is not in the table does not compile. */
export interface RunError {
  readonly _tag: keyof typeof codeOfRunError
  readonly message: string
}
