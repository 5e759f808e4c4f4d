import { statSync } from "node:fs"
import { readBytes, replace } from "../src/PlainFile.ts"
import { type SetUpFor, satisfies, setUpForOf, type Wanted } from "./Wanted.ts"

/**
 * What a set-up that found everything in place has looked at. While none of it has changed there is nothing to do, and
 * a start need not load, hash and compare what it compared the last time: that would take most of a second.
 *
 * Plain functions on plain files, because whoever asks has loaded nothing else yet.
 */
export interface Stamp {
  readonly setUpFor: SetUpFor
  /** Size and time of the last change, by path; a folder changes when a file of it comes or goes. */
  readonly states: Readonly<Record<string, string>>
}

/** Looks at files and folders as they are now. A missing one makes a stamp that never holds. */
export const take = (wanted: Wanted, paths: Iterable<string>): Stamp => ({
  setUpFor: setUpForOf(wanted),
  states: Object.fromEntries(Array.from(paths, (path) => [path, stateOf(path)]))
})

/** Of some thousands of paths. */
const maxBytes = 2 ** 22

/** As a whole, so that nobody reads half of it; without it the next start looks at everything again. */
export const write = (file: string, stamp: Stamp): void => {
  try {
    replace(file, JSON.stringify(stamp))
  } catch {
    // A folder that cannot be written to: the set-up itself has done its work.
  }
}

/** Whether the stamp in `file` is of a set-up that is enough for what is wanted, and everything it names is as it was. */
export const holds = (file: string, wanted: Wanted, by: "self" | "owner" = "self"): boolean => {
  try {
    const { setUpFor, states } = JSON.parse(readBytes(file, maxBytes).toString("utf8")) as Stamp
    return (
      satisfies(setUpFor, wanted, by) &&
      Object.entries(states).every(([path, state]) => state !== "" && stateOf(path) === state)
    )
  } catch {
    return false
  }
}

/** Empty where it cannot be looked at: whoever looks at everything then finds out why. */
const stateOf = (path: string): string => {
  try {
    const { mtimeMs, size } = statSync(path)
    return `${size} ${mtimeMs}`
  } catch {
    return ""
  }
}
