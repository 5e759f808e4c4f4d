import type { Manifest } from "@moco/train/Checkpoint/manifest"
import type { Scanned } from "@moco/train/RunLog/scan"
import { Schema } from "effect"

/**
 * How far a run is:
 *
 * - `finished`: it has reached its end, and its encoder is there
 * - `interrupted`: it can go on; `reason` where its log does not say that it was stopped
 * - `running`: a process works in its folder
 * - `diverged`: a number was not finite; `failed`: its study says that it has ended in another error
 * - `empty`: no step was taken
 * - `damaged`: a file of it cannot be understood
 */
export const RunState = Schema.Literals([
  "finished",
  "interrupted",
  "running",
  "diverged",
  "failed",
  "empty",
  "damaged"
])
export type RunState = typeof RunState.Type

/** What is known of a run when its state is told. */
export interface Facts {
  /** The process that works in the folder. */
  readonly holder: string | undefined
  /** What is wrong with its files, the worst first. */
  readonly damage: ReadonlyArray<string>
  readonly log: Pick<Scanned, "events" | "lastStep"> | undefined
  readonly newest: Pick<Manifest, "progress"> | undefined
  /** Step of the newest checkpoint that was set aside because its next step failed. */
  readonly failedStep: number | undefined
  readonly hasEncoder: boolean
  /** How its study says that it has failed. */
  readonly failure: { readonly reason: string; readonly isFinal: boolean } | undefined
}

/** Steps that a run has taken. */
export const stepsTaken = ({ log, newest }: Pick<Facts, "log" | "newest">): number =>
  Math.max(log?.lastStep === undefined ? 0 : log.lastStep.step + 1, newest?.progress.step ?? 0)

/** The state of a run, and why it is said to be in it. */
export const stateOf = (facts: Facts): { readonly state: RunState; readonly reason: string | null } => {
  const { damage, failedStep, failure, hasEncoder, holder, log } = facts
  const last = log?.events.at(-1)
  const steps = stepsTaken(facts)
  if (holder !== undefined) return { state: "running", reason: `${holder} works in it` }
  const [worst] = damage
  if (worst !== undefined) return { state: "damaged", reason: worst }
  if (last?.event === "finished" && last.outcome === "completed") {
    return hasEncoder
      ? { state: "finished", reason: null }
      : { state: "interrupted", reason: "its encoder is not there: it is exported when the run goes on" }
  }
  if (last?.event === "diverged") return { state: "diverged", reason: last.reason.split("\n")[0]! }
  if (failure !== undefined) {
    return { state: failure.isFinal ? "diverged" : "failed", reason: failure.reason }
  }
  if (failedStep !== undefined && failedStep >= steps && last?.event !== "rolledBack") {
    return { state: "diverged", reason: `a number was not finite in step ${failedStep}` }
  }
  if (last?.event === "finished") return { state: "interrupted", reason: null }
  if (steps === 0) return { state: "empty", reason: "no step was taken" }
  return { state: "interrupted", reason: "its log tells no end: it was killed, or ended in an error" }
}
