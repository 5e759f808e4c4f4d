import { isObject } from "./fields.ts"
import { renderValue } from "./Problem.ts"
import type { RunConfig } from "./schema.ts"

/** A setting that two configs do not agree on. */
export interface Difference {
  readonly path: string
  readonly before: string
  readonly now: string
}

/** Settings that a run may be continued with another value of: they decide how it is watched and how fast it is. */
const mayChange: ReadonlyArray<string> = ["evaluation.everyEpochs", "backend.threads"]

/** Whether a setting may change while a run goes on. `backend.threads` may change its last bits. */
export const isFree = ({ path }: Difference): boolean => mayChange.includes(path)

/** Every setting in which `now` differs from `before`. */
export const configDifferences = (before: RunConfig, now: RunConfig): ReadonlyArray<Difference> => {
  const [old, current] = [leaves(before), leaves(now)]
  return [...new Set([...old.keys(), ...current.keys()])].flatMap((path) => {
    const [a, b] = [old.get(path), current.get(path)]
    return JSON.stringify(a) === JSON.stringify(b)
      ? []
      : [{ path, before: renderValue(a), now: renderValue(b) }]
  })
}

/** Values by dotted path; a list is a value. */
const leaves = (value: unknown, path = ""): ReadonlyMap<string, unknown> =>
  isObject(value) && !Array.isArray(value)
    ? new Map(
        Object.entries(value).flatMap(([key, inner]) => [
          ...leaves(inner, path === "" ? key : `${path}.${key}`)
        ])
      )
    : new Map([[path, value]])
