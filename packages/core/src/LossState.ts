import { Effect } from "effect"
import { SnapshotMismatch } from "./Tensor.ts"

/** Numbers by name. */
export type LossNumbers = Readonly<Record<string, number>>

/** A loss's next state, complete. */
export interface SettledLoss {
  /** The next state as a snapshot has it, for the run log; left out where the loss has no state. */
  readonly numbers: LossNumbers | undefined
  /** Puts the next state in place of the old one. Synchronous; nothing in it can fail. */
  readonly commit: () => void
}

/**
 * What a loss learns over a run, in a few numbers: part of the run's state.
 *
 * A step compares by the state that was there before it, settles after its gradient is taken, and commits with
 * everything else; a step that fails has changed nothing.
 */
export interface LossState {
  /**
   * Computes the next state; nothing changes before the commit.
   *
   * @param observations  what `compare` gave of each direction
   * @param fill  part of the negatives that are features of images and not initial noise, 0 to 1
   */
  readonly settle: (observations: ReadonlyArray<LossNumbers>, fill: number) => SettledLoss
  readonly snapshot: () => LossNumbers
  /** Continues from a snapshot; one that does not fit changes nothing. */
  readonly restore: (snapshot: LossNumbers) => Effect.Effect<void, SnapshotMismatch>
}

/** The state of a loss that is a pure function of the similarities. */
export const stateless: LossState = {
  settle: () => ({ numbers: undefined, commit: () => {} }),
  snapshot: () => ({}),
  restore: (snapshot) => {
    const [foreign] = Object.keys(snapshot)
    return foreign === undefined ? Effect.void : Effect.fail(mismatch(`${foreign} has no place`))
  }
}

/** A snapshot that a loss cannot continue from. */
export const mismatch = (problem: string): SnapshotMismatch =>
  new SnapshotMismatch({ operation: "ContrastiveLoss.restore", problem })
