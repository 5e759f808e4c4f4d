import type { Path } from "effect"

/** The folder of one run, and the files that a run leaves in it. */
export interface RunFolder {
  readonly path: string
  /** The resolved config, JSON; a run of it is the same run. */
  readonly config: string
  /** What the run ran on, JSON. */
  readonly environment: string
  /** The events of the run, one JSON object a line. */
  readonly metrics: string
  /** The query encoder, safetensors with torchvision's names. */
  readonly encoder: string
  /** The weights that the run began with, where they are not the seed's; safetensors with torchvision's names. */
  readonly initial: string
  /** What the exported encoder is and what it takes, JSON. */
  readonly encoderCard: string
  /** Checkpoints, one folder each. */
  readonly checkpoints: string
  /** What TensorBoard reads, a file for each time that the run was started. */
  readonly tensorboard: string
  /** Where the time of some steps went, in Chrome's trace-event format; only where it was asked for. */
  readonly profile: string
  /** Files of the data set that are no images, JSON; only where there are any. */
  readonly quarantine: string
  /** What the encoder makes of some images, JSON and pictures; a folder. */
  readonly inspection: string
  /** What was measured of the encoder besides the run's own evaluations, JSON lines. */
  readonly evaluations: string
  /** Everything about the run for a reader, one HTML file. */
  readonly report: string
  /** Held by the process that trains. */
  readonly lock: string
}

/** The files of the run in `folder`. */
export const filesOf = (path: Path.Path, folder: string): RunFolder => ({
  path: folder,
  config: path.join(folder, "config.json"),
  environment: path.join(folder, "environment.json"),
  metrics: path.join(folder, "metrics.jsonl"),
  encoder: path.join(folder, "encoder.safetensors"),
  initial: path.join(folder, "initial.safetensors"),
  encoderCard: path.join(folder, "encoder.json"),
  checkpoints: path.join(folder, "checkpoints"),
  tensorboard: path.join(folder, "tensorboard"),
  profile: path.join(folder, "profile.json"),
  quarantine: path.join(folder, "quarantine.json"),
  inspection: path.join(folder, "inspection"),
  evaluations: path.join(folder, "evaluations.jsonl"),
  report: path.join(folder, "report.html"),
  lock: path.join(folder, "run.lock")
})
