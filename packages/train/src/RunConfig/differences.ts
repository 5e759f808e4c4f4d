import { evaluationPermissions } from "./evaluationRules.ts"
import { isObject } from "./fields.ts"
import { renderValue } from "./Problem.ts"
import type { RunConfig } from "./schema.ts"

/** A setting that two configs do not agree on. */
export interface Difference {
  readonly path: string
  readonly before: string
  readonly now: string
}

/**
 * What becomes of a setting when a run goes on:
 *
 * - `mustMatch`: the run's state, its data or its comparison with others is made of it
 * - `mayChange`: it decides how the run is watched and how fast it is; `backend.threads` may change its last bits
 * - `isLogged`: it may change, by `--resume` alone, and is told: from that step on the run is another one
 */
export type Permission = "mustMatch" | "mayChange" | "isLogged"

const permissions: Readonly<Record<string, Permission>> = {
  ...evaluationPermissions,
  "backend.threads": "mayChange",
  // Where the files lie; that they are the same is asked of them.
  "data.files.path": "mayChange",
  "data.files.maxBad": "mayChange",
  "data.files.keepDecoded": "mayChange",
  "training.epochs": "isLogged",
  "optimizer.learningRate": "isLogged"
}

/** Settings that a run may go on with another value of. */
export const changeable: ReadonlyArray<string> = Object.keys(permissions)

/** Whatever is not named is part of what the run is. */
export const permissionOf = (path: string): Permission =>
  Object.hasOwn(permissions, path) ? permissions[path]! : "mustMatch"

/** Whether a setting may change while a run goes on, and nothing has to be said. */
export const isFree = ({ path }: Difference): boolean => permissionOf(path) === "mayChange"

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
