import { stepSpan } from "../PretrainStep.ts"
import type { Profile } from "../Profile.ts"
import { millisecondsOf } from "../Spans.ts"

/** All calls of one operation, whatever their inputs. */
interface OperationCost {
  readonly name: string
  /** Calls in a step, on average. */
  readonly countPerStep: number
  /** Milliseconds in a step, on average. */
  readonly msPerStep: number
}

/** What the operations of a profile cost, the dearest first. */
export const operationCosts = ({ numSteps, operations }: Profile): ReadonlyArray<OperationCost> => {
  const byName = Object.groupBy(operations, ({ name }) => name)
  return Object.entries(byName)
    .map(([name, calls = []]) => ({
      name,
      countPerStep: calls.length / numSteps,
      msPerStep: calls.reduce((sum, call) => sum + millisecondsOf(call), 0) / numSteps
    }))
    .sort((a, b) => b.msPerStep - a.msPerStep)
}

/** Milliseconds that a step of a profile takes, on average; profiling makes it a little longer. */
export const stepMilliseconds = ({ numSteps, spans }: Profile): number =>
  spans.filter(({ name }) => name === stepSpan).reduce((sum, span) => sum + millisecondsOf(span), 0) /
  numSteps
