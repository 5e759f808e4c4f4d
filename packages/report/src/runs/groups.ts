import { canonical } from "@moco/study/identity"
import type { RunConfig } from "@moco/train/RunConfig"
import { configDifferences } from "@moco/train/RunConfig/differences"
import type { WholeRun } from "./details.ts"

/** A run that can be compared: its config is known. */
export interface ComparedRun extends WholeRun {
  readonly name: string
  readonly config: RunConfig
}

/** Runs that differ in their seed alone. */
export interface Group {
  /** A, B, ... in the order in which they were named. */
  readonly label: string
  readonly runs: readonly [ComparedRun, ...ReadonlyArray<ComparedRun>]
}

/** The groups, in the order of their first runs. */
export const groupsOf = (runs: ReadonlyArray<ComparedRun>): ReadonlyArray<Group> => {
  const groups = Map.groupBy(runs, ({ config, ...run }) =>
    canonical([{ ...config, seed: 0 }, besideConfig(run)])
  )
  return [...groups.values()].flatMap(([first, ...rest], i) =>
    first === undefined ? [] : [{ label: labelOf(i), runs: [first, ...rest] }]
  )
}

const letters = 26

/** A to Z, then A2 to Z2, ... */
const labelOf = (i: number): string => {
  const round = Math.floor(i / letters)
  return `${String.fromCharCode(65 + (i % letters))}${round === 0 ? "" : round + 1}`
}

/** What a run depends on and its config does not hold. */
const besideConfig = ({ environment, looked }: WholeRun): Readonly<Record<string, string>> => {
  const own = environment?.ownStages ?? []
  const begun = looked.log?.events.find((event) => event.event === "initialised")
  return {
    ...(own.length === 0 ? {} : { "stages given in code": own.join(", ") }),
    ...(begun === undefined ? {} : { "initial weights": begun.sha256.slice(0, 12) })
  }
}

/** A setting in which groups differ, and its value in each. */
interface Differing {
  readonly path: string
  readonly values: ReadonlyArray<string>
}

/** The settings in which groups differ, but for the seed. */
export const differingSettings = (groups: ReadonlyArray<Group>): ReadonlyArray<Differing> => {
  const [first] = groups
  if (first === undefined) return []
  const differences = groups.map(
    ({ runs }) =>
      new Map(configDifferences(first.runs[0].config, runs[0].config).map((found) => [found.path, found]))
  )
  const paths = new Set(differences.flatMap((found) => [...found.keys()]))
  paths.delete("seed")
  const settings = [...paths].map((path) => {
    const before = differences.find((found) => found.has(path))?.get(path)?.before ?? ""
    return { path, values: differences.map((found) => found.get(path)?.now ?? before) }
  })
  const beside = groups.map(({ runs }) => besideConfig(runs[0]))
  const others = [...new Set(beside.flatMap(Object.keys))].map((path) => ({
    path,
    values: beside.map((found) => found[path] ?? "none")
  }))
  return [...settings, ...others.filter(({ values }) => new Set(values).size > 1)]
}
