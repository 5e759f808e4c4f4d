import { type Study, type StudyDefinition, StudyInvalid } from "@moco/study/Study"
import type { TrialRecord } from "@moco/study/TrialRecord"
import { nearest } from "@moco/train/RunConfig/nearest"
import { recipes } from "@moco/train/recipes"
import { Effect } from "effect"

/** Whether a record is of a trial that the study consists of. */
export const isOf = ({ trials }: Study) => {
  const ids = new Set(trials.map(({ id }) => id))
  return ({ trial }: TrialRecord) => ids.has(trial)
}

/** The config that a study changes. */
export const recipeOf = Effect.fnUntraced(function* ({ name, recipe }: StudyDefinition) {
  if (Object.hasOwn(recipes, recipe)) return recipes[recipe]!()
  const near = nearest(recipe, Object.keys(recipes))
  const hint = near === undefined ? `recipes: ${Object.keys(recipes).join(", ")}` : `did you mean ${near}?`
  const problem = "is not the name of a recipe"
  return yield* new StudyInvalid({
    study: name,
    problems: [{ path: "recipe", value: recipe, problem, hint }]
  })
})
