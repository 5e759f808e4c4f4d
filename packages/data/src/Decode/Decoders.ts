import type { Job, Outcome } from "./worker.ts"

/** A job, and who waits for what comes of it. */
export interface Waiting {
  readonly job: Job
  readonly done: (outcome: Outcome) => void
}

/** Threads that decode files, in the order in which they are asked for. */
export interface Decoders {
  readonly ask: (waiting: Waiting) => void
  /** Whoever waits is not told any more. */
  readonly forget: (waiting: Waiting) => void
  readonly end: () => Promise<void>
}
