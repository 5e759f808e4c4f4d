import type { Problem } from "../RunConfig/Problem.ts"
import { renderValue } from "../RunConfig/Problem.ts"
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

/** Every combination of the axes, the last one fastest; or the listed cells. */
export const gridOf = (definition: StudyDefinition): Grid => {
  const { axes = [], cells: listed = [] } = definition
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
    axis.values!.map((value) => ({ settings: { [name]: value }, set: { [axis.setting!]: value } }))
  )
}

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
  if (points !== undefined && axis.name === undefined) {
    return problem("has points and no name", "add a name, by which tables and charts call the axis")
  }
  const labels = points?.map(({ label }) => label) ?? values!
  const [key, given] = points === undefined ? ["values", values] : ["points", points]
  if (labels.length === 0) {
    return problem("is empty, and so is the grid", "give at least one", `${path}.${key}`, given)
  }
  const twice = labels.find((label, i) => labels.indexOf(label) !== i)
  return twice === undefined
    ? []
    : problem(`has ${renderValue(twice)} twice`, "leave one out", `${path}.${key}`, given)
}

/** Two places that set the same, or the seed, which only `seeds` may. */
const contradictions = ({ axes = [], cells = [], set = {} }: StudyDefinition): ReadonlyArray<Problem> => {
  const settersOf = axes.map(({ points, setting }, i) => ({
    path: `axes[${i}]`,
    names: new Set(
      setting === undefined ? (points ?? []).flatMap((point) => Object.keys(point.set)) : [setting]
    )
  }))
  const listed = cells.map((cell, i) => ({ path: `cells[${i}].set`, names: new Set(Object.keys(cell.set)) }))
  const common = { path: "set", names: new Set(Object.keys(set)) }
  const problems: Array<Problem> = []
  const report = (path: string, name: string, problem: string, hint: string) =>
    problems.push({ path, value: renderValue(name), problem, hint })
  for (const { names, path } of [common, ...settersOf, ...listed]) {
    if (names.has("seed")) report(path, "seed", "may not be varied here", "list the seeds under seeds")
  }
  settersOf.forEach(({ names, path }, i) => {
    for (const name of names) {
      const other = [common, ...settersOf.slice(0, i)].find((setter) =>
        [...setter.names].some((set) => overlap(set, name))
      )
      if (other !== undefined)
        report(path, name, `is set by ${other.path} as well`, "leave one of the two out")
    }
    const axis = axes.slice(0, i).findIndex((before) => axisName(before) === axisName(axes[i]!))
    if (axis >= 0)
      report(path, axisName(axes[i]!), `is the name of axes[${axis}] too`, "give it another name")
  })
  return problems
}

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
  const twice = seeds.find((seed, i) => seeds.indexOf(seed) !== i)
  if (twice !== undefined) report("seeds", seeds, `has ${twice} twice`, "leave one out")
  const names = Object.keys(cells[0]?.settings ?? {})
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
  })
  return problems
}
