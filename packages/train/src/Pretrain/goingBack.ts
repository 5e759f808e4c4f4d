import { Cause, Effect } from "effect"
import { Checkpoints, type GoBackError } from "../Checkpoints.ts"
import { NonFinite } from "../Diagnostics.ts"
import { RunLog } from "../RunLog.ts"
import { beginning, saving, type TrainerState } from "./TrainerState.ts"

/** What the learning rate is multiplied by at a return to an earlier state. */
const factorFurtherBack = 0.5

/**
 * And where the run is at its beginning already, behind which there is nothing. Where whatever state it goes back to has
 * failed, the rate is not a little too high: halving a rate of a million would take 25 returns to 0.03, this takes 8.
 */
const factorAtBeginning = 0.1

/** How often a run may go back: as often as it takes to 19 orders of magnitude. */
const maxRollbacks = 20

/**
 * Goes back from a number that is not finite, and on from there at a lower learning rate; fails with the error where
 * that is not wanted, or cannot help any more.
 *
 * The state that the failed step was taken from is never gone back to: features, loss and gradient do not depend on the
 * rate. Nor is a state that the run has gone back to before and failed from again: each time it is one further back, the
 * last one being the state that the run began with. All of it is on disk before the next step.
 */
export const goingBack = Effect.fnUntraced(function* (trainer: TrainerState) {
  const runLog = yield* RunLog
  const checkpoints = yield* Checkpoints
  const save = yield* saving(trainer)
  return Effect.fnUntraced(function* (error: NonFinite) {
    const { rateFactor: failedFactor, rollbacks, step: failedState, triedStates = [] } = trainer.progress
    /** What fails on the way back is told beside the number that it began with, and nothing is saved of it. */
    const beside = Effect.catchCause((cause: Cause.Cause<GoBackError>) =>
      Effect.failCause(Cause.combine(Cause.fail<NonFinite | GoBackError>(error), cause))
    )
    yield* beside(checkpoints.setFailedAside(failedState))
    if (trainer.settings.onNonFinite !== "rollback") return yield* error
    const isHopeless = failedState === 0 && triedStates.includes(0)
    if (isHopeless || rollbacks >= maxRollbacks) return yield* new NonFinite({ ...error, rollbacks })

    const found = yield* beside(checkpoints.goBack(triedStates))
    if (found === "nowhere") return yield* error
    const restored = found === "beginning" ? beginning : found
    const isAgain = triedStates.includes(restored.step)
    const rateFactor = failedFactor * (isAgain ? factorAtBeginning : factorFurtherBack)
    trainer.progress = {
      ...restored,
      rateFactor,
      rollbacks: rollbacks + 1,
      triedStates: [...triedStates.filter((step) => step < restored.step), restored.step]
    }
    yield* runLog.truncate(restored.logPosition)
    const { message, step: failedStep } = error
    const [reason = ""] = message.split("\n")
    yield* runLog.record({ event: "rolledBack", step: restored.step, failedStep, reason, rateFactor })
    yield* save.now
  }, Effect.uninterruptible)
})
