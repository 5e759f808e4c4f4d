import type { StudyResults } from "@moco/study/results"
import { draw } from "../../src/charts/draw.ts"
import type { StudySource } from "../../src/html/study/studyPage.ts"
import { cell, dictionary } from "../charts/studies.ts"

/** A study of three mechanisms, one of whose cells has failed, with a claim; `name` stands wherever a name may. */
export const sampleStudy = (name = "queue"): StudySource => {
  const [first, second] = dictionary.cells
  const difference = { mean: 0.02, std: 0.001, n: 5, ci: { low: 0.018, high: 0.022 } }
  const terms = [{ cell: second!.settings, weight: 1 }]
  const results: StudyResults = {
    ...dictionary,
    study: name,
    cells: [...dictionary.cells, cell({ mechanism: name, K: 8192 })],
    comparisons: [{ settings: second!.settings, reference: first!.settings, difference }],
    verdicts: [
      {
        claim: {
          statement: `more keys are better (${name})`,
          paper: name,
          expects: "above",
          contrasts: [{ label: name, terms }]
        },
        verdict: "supports",
        contrasts: [{ label: name, unit: "fraction", estimate: difference, numFailed: 0 }]
      }
    ],
    published: { source: name, figures: [{ settings: first!.settings, percent: 54.7 }] },
    numTrials: 60,
    numCompleted: 55,
    numFailed: 1,
    seconds: 100
  }
  const measured = ["a", "b"].map((run) => ({
    name: `${name} ${run}`,
    metrics: [{ ...results.metric, protocol: `a protocol of ${name}` }]
  }))
  return { results, charts: draw(results), claimRule: "a rule", measured, made: [["command", name]] }
}
