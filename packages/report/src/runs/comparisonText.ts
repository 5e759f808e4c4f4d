import * as Escape from "@moco/core/Escape"
import type { Estimate } from "@moco/study/Report"
import { columnHead, digits, notationOf } from "../quantity.ts"
import type { RunComparison } from "./comparison.ts"
import { columns } from "./text.ts"

/** Runs side by side, in words and aligned columns. */
export const comparisonText = (comparison: RunComparison): string => {
  const { differences, groups, notes, scores, settings } = comparison
  const labels = groups.map(({ group }) => group)
  const right = labels.map((_, i) => i + 1)
  const isOne = groups.length === 1
  return [
    ...columns(groups.flatMap(groupRows)),
    "",
    ...(isOne
      ? ["these runs differ in their seed alone"]
      : columns([["setting", ...labels], ...settings.map(({ path, values }) => [path, ...values])], right)),
    ...(scores.length === 0
      ? ["", "none of them has measured anything yet"]
      : ["", ...(isOne ? seedColumns(comparison) : groupColumns(comparison))]),
    ...(differences.length === 0
      ? []
      : ["", "paired by seed, trained encoder", ...differenceRows(differences)]),
    ...(notes.length === 0 ? [] : ["", ...notes.map((note) => Escape.line(`note: ${note}`))])
  ].join("\n")
}

const groupRows = ({ group, recipe, runs }: RunComparison["groups"][number]) =>
  runs.map(({ path, seed, state }, i) => [i === 0 ? group : "", path, recipe, `seed ${seed}`, state])

type Scores = RunComparison["scores"]

/** A column for each group. */
const groupColumns = ({ groups, scores }: RunComparison): ReadonlyArray<string> =>
  scoreTable(scores, ["score, mean ± std (n)", ...groups.map(({ group }) => group)], ({ groups, unit }) =>
    groups.map(({ estimate }) => spread(estimate, unit))
  )

/** A column for each run of a group that is alone, and one for all of them. */
const seedColumns = ({ groups, scores }: RunComparison): ReadonlyArray<string> => {
  const runs = groups[0]?.runs ?? []
  const heads = runs.map(({ seed }) => `seed ${seed}`)
  return scoreTable(scores, ["score", ...heads, "mean ± std (n)"], ({ groups: [own], unit }) => [
    ...runs.map(({ path }) => {
      const found = own?.values.find(({ run }) => run === path)
      return found === undefined ? "-" : digits({ unit }, found.value)
    }),
    spread(own?.estimate ?? null, unit)
  ])
}

/** A head for each metric, and under it a row for each subject. */
const scoreTable = (
  scores: Scores,
  head: ReadonlyArray<string>,
  cellsOf: (score: Scores[number]) => ReadonlyArray<string>
): ReadonlyArray<string> => {
  const rows = [...Map.groupBy(scores, ({ metric }) => metric)].flatMap(([metric, found]) => {
    const [{ isComparable, unit }] = found as [Scores[number]]
    const name = `${columnHead({ metric, unit })}${isComparable ? "" : " (see the note)"}`
    return [
      [name, ...head.slice(1).map(() => "")],
      ...found.map((score) => [`  ${score.subject}`, ...cellsOf(score)])
    ]
  })
  const right = head.slice(1).map((_, i) => i + 1)
  return columns([head, ...rows], right)
}

/** `64.1`, and of several `64.1 ± 0.5 (3)`. */
const spread = (estimate: Estimate | null, unit: string): string => {
  if (estimate === null) return "-"
  const { mean, n, std } = estimate
  const inDigits = (value: number) => digits({ unit }, value)
  return std === undefined ? inDigits(mean) : `${inDigits(mean)} ± ${inDigits(std)} (${n})`
}

const differenceRows = (differences: RunComparison["differences"]): ReadonlyArray<string> => {
  const rows = differences.map(({ estimate: { ci, mean, n }, group, metric, minus, unit }) => {
    const { difference } = notationOf(unit)
    const signed = (value: number) => `${value < 0 ? "-" : "+"}${difference.digits(Math.abs(value))}`
    const interval = ci === undefined ? "-" : `${signed(ci.low)} to ${signed(ci.high)}`
    return [metric, `${group} - ${minus}`, `${signed(mean)} ${difference.unit}`.trim(), interval, String(n)]
  })
  return columns([["metric", "groups", "difference", "95 % interval", "n"], ...rows], [2, 3, 4])
}
