import type { Problem } from "@moco/train/RunConfig/Problem"
import { renderValue } from "@moco/train/RunConfig/Problem"
import type { Axis, StudyDefinition } from "./definition.ts"
import type { Settings } from "./Report.ts"

/** A cell before it is laid over the recipe: its place on every axis, and what it sets by dotted path. */
export interface GridCell {
  readonly settings: Settings
  readonly set: Readonly<Record<string, unknown>>
}

/** The cells of a study, and everything that is wrong with how they are given. */
export interface Grid {
  readonly cells: ReadonlyArray<GridCell>
  readonly problems: ReadonlyArray<Problem>
}

/** More cells than anybody trains: a few values too many on every axis, and they would fill the memory. */
const maxCells = 10_000

/** More runs than anybody waits for: at a minute each, two weeks. */
const maxRuns = 20_000

/** What is too much of a study, before any of it is laid out. */
const excessOf = ({ axes = [], cells = [], seeds }: StudyDefinition): Problem | undefined => {
  const english = (value: number) => value.toLocaleString("en")
  const lengthOf = ({ points, values }: Axis) => Math.max(1, (points ?? values ?? []).length)
  const numCells = Math.max(cells.length, axes.length === 0 ? 0 : axes.map(lengthOf).reduce((a, b) => a * b))
  if (numCells > maxCells) {
    return {
      path: axes.length === 0 ? "cells" : "axes",
      value: `${english(numCells)} cells`,
      problem: `must be at most ${english(maxCells)} together`,
      hint: "take fewer values on an axis, or list the cells"
    }
  }
  const numRuns = numCells * seeds.length
  if (numRuns <= maxRuns) return undefined
  const problem = `make ${english(numRuns)} runs of ${english(numCells)} cells, and ${english(maxRuns)} are the most`
  return {
    path: "seeds",
    value: `${english(seeds.length)} seeds`,
    problem,
    hint: "take fewer seeds or cells"
  }
}

/** Every combination of the axes, the last one fastest; or the listed cells. */
export const gridOf = (definition: StudyDefinition): Grid => {
  const { axes = [], cells: listed = [] } = definition
  const excess = excessOf(definition)
  if (excess !== undefined) return { cells: [], problems: [excess] }
  const problems = [
    ...axes.flatMap((axis, i) => axisProblems(axis, `axes[${i}]`)),
    ...contradictions(definition),
    ...listedProblems(definition)
  ]
  if (problems.length > 0) return { cells: [], problems }
  const cells = axes.reduce<ReadonlyArray<GridCell>>(
    (before, axis) => before.flatMap((cell) => pointsOf(axis).map((point) => merge(cell, point))),
    axes.length === 0 ? [] : [{ settings: {}, set: {} }]
  )
  return { cells: [...cells, ...listed], problems: [] }
}

/** The name of an axis in tables and charts. */
export const axisName = ({ name, setting = "" }: Axis): string => name ?? setting.split(".").at(-1)!

const pointsOf = (axis: Axis): ReadonlyArray<GridCell> => {
  const name = axisName(axis)
  return (
    axis.points?.map(({ label, set }) => ({ settings: { [name]: label }, set })) ??
    axis.values!.map((value) => ({ settings: { [name]: labelOf(value) }, set: { [axis.setting!]: value } }))
  )
}

/** How a value is called in tables: itself where it is a word or a number, else as it is written in JSON. */
const labelOf = (value: unknown): string | number =>
  typeof value === "string" || typeof value === "number" ? value : (JSON.stringify(value) ?? String(value))

const merge = (a: GridCell, b: GridCell): GridCell => ({
  settings: { ...a.settings, ...b.settings },
  set: { ...a.set, ...b.set }
})

const axisProblems = (axis: Axis, path: string): ReadonlyArray<Problem> => {
  const { points, setting, values } = axis
  const problem = (problem: string, hint: string, at = path, value: unknown = axis) => [
    { path: at, value: renderValue(value), problem, hint }
  ]
  if (points === undefined && (setting === undefined || values === undefined)) {
    return problem("gives nothing to vary", "give setting and values, or name and points")
  }
  if (points !== undefined && (setting !== undefined || values !== undefined)) {
    return problem("contradicts itself", "give setting and values, or name and points, and not both")
  }
  if (setting === "" || setting?.split(".").includes("")) {
    return problem(
      "is not a path of a setting",
      "write it with dots, e.g. momentum.m",
      `${path}.setting`,
      setting
    )
  }
  if (points !== undefined && axis.name === undefined) {
    return problem("has points and no name", "add a name, by which tables and charts call the axis")
  }
  const labels = (points?.map(({ label }) => label) ?? values!.map(labelOf)).map(String)
  const [key, given] = points === undefined ? ["values", values] : ["points", points]
  if (labels.length === 0) {
    return problem("is empty, and so is the grid", "give at least one", `${path}.${key}`, given)
  }
  const twice = repeatedIn(labels)
  return twice === undefined
    ? []
    : problem(`has ${renderValue(twice)} twice`, "leave one out", `${path}.${key}`, given)
}

/** Two places that set the same, or the seed, which only `seeds` may. */
const contradictions = ({ axes = [], cells = [], set = {} }: StudyDefinition): ReadonlyArray<Problem> => {
  const settersOf = axes.map(({ points, setting }, i) => ({
    path: `axes[${i}]`,
    sets: setting === undefined ? (points ?? []).map((point) => point.set) : [{ [setting]: undefined }]
  }))
  const listed = cells.map((cell, i) => ({ path: `cells[${i}].set`, sets: [cell.set] }))
  const common = { path: "set", sets: [set] }
  const problems: Array<Problem> = []
  const report = (path: string, name: string, problem: string, hint: string) =>
    problems.push({ path, value: renderValue(name), problem, hint })
  for (const { path, sets } of [common, ...settersOf, ...listed]) {
    if (sets.some((own) => Object.hasOwn(own, "seed"))) {
      report(path, "seed", "may not be varied here", "list the seeds under seeds")
    }
    for (const [a, b] of sets.flatMap((own) => overlaps(own, own))) {
      if (a < b) report(path, b, `is a part of ${a}, which stands beside it`, "leave one of the two out")
    }
  }
  // A listed cell may replace what all have in common; a part of it would get lost.
  for (const { path, sets } of listed) {
    for (const [a, b] of sets.flatMap((own) => overlaps(own, set))) {
      if (a !== b) report(path, a, `overlaps with ${b} in set`, "set the whole, or each part by itself")
    }
  }
  settersOf.forEach(({ path, sets }, i) => {
    for (const { path: other, sets: before } of [common, ...settersOf.slice(0, i)]) {
      const names = sets.flatMap((own) => before.flatMap((one) => overlaps(own, one).map(([a]) => a)))
      for (const name of new Set(names)) {
        report(path, name, `is set by ${other} as well`, "leave one of the two out")
      }
    }
    const axis = axes.slice(0, i).findIndex((before) => axisName(before) === axisName(axes[i]!))
    if (axis >= 0)
      report(path, axisName(axes[i]!), `is the name of axes[${axis}] too`, "give it another name")
  })
  return problems
}

type Overrides = Readonly<Record<string, unknown>>

/** Paths of `a` and `b` of which one is the other or a part of it. */
const overlaps = (a: Overrides, b: Overrides): ReadonlyArray<readonly [string, string]> =>
  Object.keys(a).flatMap((one) =>
    Object.keys(b)
      .filter((other) => overlap(one, other))
      .map((other) => [one, other] as const)
  )

/** Whether two dotted paths are the same, or one is a part of the other. */
const overlap = (a: string, b: string): boolean => a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`)

const listedProblems = ({ axes = [], cells = [], seeds }: StudyDefinition): ReadonlyArray<Problem> => {
  const problems: Array<Problem> = []
  const report = (path: string, value: unknown, problem: string, hint: string) =>
    problems.push({ path, value: renderValue(value), problem, hint })
  if (axes.length === 0 && cells.length === 0) {
    report("axes", axes, "is empty, and so is the grid", "give axes or cells")
  }
  if (axes.length > 0 && cells.length > 0) {
    report("cells", cells, "contradicts axes", "give axes or cells, and not both")
  }
  if (seeds.length === 0) report("seeds", seeds, "is empty, and so is the grid", "give at least one")
  const twice = repeatedIn(seeds)
  if (twice !== undefined) report("seeds", seeds, `has ${twice} twice`, "leave one out")
  const names = Object.keys(cells[0]?.settings ?? {})
  const places = new Map<string, number>()
  cells.forEach(({ settings }, i) => {
    const own = Object.keys(settings)
    const isSame = own.length === names.length && names.every((name) => own.includes(name))
    if (own.length === 0) report(`cells[${i}].settings`, settings, "is empty", "say where the cell stands")
    else if (!isSame) {
      report(
        `cells[${i}].settings`,
        settings,
        `has other axes than cells[0] (${names.join(", ")})`,
        "name the same"
      )
    }
    const place = placeOf(settings)
    const earlier = places.get(place)
    if (earlier === undefined) places.set(place, i)
    else {
      report(
        `cells[${i}].settings`,
        settings,
        `is where cells[${earlier}] stands`,
        "give it a place of its own"
      )
    }
  })
  return problems
}

/** The same for cells that would have the same name in a table. */
const placeOf = (settings: Settings): string =>
  JSON.stringify(
    Object.entries(settings)
      .map(([axis, value]) => [axis, String(value)])
      .sort()
  )

/** The first value that was there before. */
const repeatedIn = <A>(values: ReadonlyArray<A>): A | undefined => {
  const seen = new Set<A>()
  return values.find((value) => seen.size === seen.add(value).size)
}
