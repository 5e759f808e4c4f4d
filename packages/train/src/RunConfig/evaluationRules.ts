import { configured, type EvaluationSettings, kinds } from "@moco/evaluation/evaluationKinds"
import type { Permission } from "./differences.ts"
import { type Problem, renderValue } from "./Problem.ts"

const section = "evaluations"

/** How often a run is evaluated changes nothing else; what is measured another way is measured again. */
export const evaluationPermissions: Readonly<Record<string, Permission>> = Object.fromEntries(
  kinds.flatMap(({ name, Settings }) =>
    Object.keys(Settings.fields).map((setting) => [
      `${section}.${name}.${setting}`,
      setting === "everyEpochs" ? "mayChange" : "isLogged"
    ])
  )
)

/** The evaluation that a setting belongs to, where it is of one. */
export const evaluationOf = (path: string): string | undefined => {
  const [first, name] = path.split(".")
  return first === section ? name : undefined
}

/** What evaluations need that these images do not give them. */
export const evaluationProblems = (
  settings: EvaluationSettings,
  numTraining: number
): ReadonlyArray<Problem> =>
  configured(settings).flatMap(({ name, needs }) =>
    needs(numTraining).flatMap(({ field, hint, problem, value }) =>
      problem === undefined
        ? []
        : [{ path: `${section}.${name}.${field}`, value: renderValue(value), problem, hint }]
    )
  )
