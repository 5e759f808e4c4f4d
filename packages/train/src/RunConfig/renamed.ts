import { isSection } from "./overrides.ts"

/** Settings that had another name before, by the path that they had. Whoever renames one adds a line. */
export const renamed: Readonly<Record<string, string>> = {
  "data.judge": "data.evaluationSplit",
  "evaluation.everyEpochs": "evaluations.knn.everyEpochs",
  "evaluation.neighbours": "evaluations.knn.k",
  "evaluation.temperature": "evaluations.knn.temperature"
}

/** A config from before under today's names: what a run folder of an older program holds. */
export const withNewNames = (config: unknown): unknown => moved(config, Object.entries(renamed))

/** A config under the names that its settings had at first. */
export const withOldNames = (config: unknown): unknown =>
  moved(
    config,
    Object.entries(renamed).map(([before, now]) => [now, before])
  )

type Section = Readonly<Record<PropertyKey, unknown>>

/** Takes values from one dotted path to another; a section that is empty then is left out. */
const moved = (config: unknown, moves: ReadonlyArray<readonly [string, string]>): unknown => {
  if (!isSection(config)) return config
  let result: Section = config
  for (const [from, to] of moves) {
    const { rest, taken } = take(result, from.split("."))
    if (taken !== undefined) result = put(rest, to.split("."), taken)
  }
  return result
}

/** A section without what stands at `path`, and that; empty sections on the way are left out. */
const take = (
  section: Section,
  path: ReadonlyArray<string>
): { readonly rest: Section; readonly taken: unknown } => {
  const [key, ...below] = path
  if (key === undefined || !Object.hasOwn(section, key)) return { rest: section, taken: undefined }
  const { [key]: value, ...others } = section
  if (below.length === 0) return { rest: others, taken: value }
  if (!isSection(value)) return { rest: section, taken: undefined }
  const { rest, taken } = take(value, below)
  if (taken === undefined) return { rest: section, taken }
  return { rest: Object.keys(rest).length === 0 ? others : { ...section, [key]: rest }, taken }
}

const put = (section: Section, path: ReadonlyArray<string>, value: unknown): Section => {
  const [key, ...below] = path
  if (key === undefined) return section
  if (below.length === 0) return { ...section, [key]: value }
  const inner = Object.hasOwn(section, key) ? section[key] : {}
  return { ...section, [key]: put(isSection(inner) ? inner : {}, below, value) }
}
