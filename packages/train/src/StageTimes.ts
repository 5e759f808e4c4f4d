import { stepSpan } from "./PretrainStep.ts"
import { millisecondsOf, type SpanObserver } from "./Spans.ts"

/** The stages of a step that are timed, in their order. */
export const stages = ["views", "keys", "gradient", "optimizer", "diagnostics", "settle", "check"] as const
export type Stage = (typeof stages)[number]

/** The stage that an operation of `PretrainStep` belongs to. */
const stageOfOperation: Readonly<Record<string, Stage>> = {
  "ViewPairs.read": "views",
  "ViewPairs.batch": "views",
  "Dictionary.prepare": "keys",
  "PretrainStep.gradient": "gradient",
  "Optimizer.prepare": "optimizer",
  "Diagnostics.measure": "diagnostics",
  "Dictionary.encoderDistance": "diagnostics",
  "Dictionary.settle": "settle",
  "NextState.requireFinite": "check",
  "ContrastiveLoss.settle": "settle"
}

/** How long one step took, in milliseconds. */
export interface StepTimes {
  readonly step: number
  readonly stages: Readonly<Record<Stage, number>>
  /** What is no stage: the commit, the release of what the step made, the program between the stages. */
  readonly rest: number
}

/**
 * Collects the times of the steps whose spans it observes.
 *
 * **Gotchas** On a GPU operations are queued: the stage that reads numbers (diagnostics) waits for those before it.
 */
export const collect = (): { readonly observer: SpanObserver; readonly steps: ReadonlyArray<StepTimes> } => {
  const steps: Array<StepTimes> = []
  let times = noTimes()
  return {
    steps,
    observer: {
      begun: (name) => {
        if (name === stepSpan) times = noTimes()
      },
      ended: (span) => {
        const milliseconds = millisecondsOf(span)
        const stage = stageOfOperation[span.name]
        if (stage !== undefined) times = { ...times, [stage]: times[stage] + milliseconds }
        if (span.name === stepSpan) {
          const inStages = stages.reduce((sum, name) => sum + times[name], 0)
          steps.push({ step: milliseconds, stages: times, rest: milliseconds - inStages })
        }
      }
    }
  }
}

const noTimes = (): Readonly<Record<Stage, number>> => ({
  views: 0,
  keys: 0,
  gradient: 0,
  optimizer: 0,
  diagnostics: 0,
  settle: 0,
  check: 0
})
