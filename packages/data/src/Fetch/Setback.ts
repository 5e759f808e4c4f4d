import { line } from "@moco/core/Escape"
import { Data } from "effect"

/** Why an address does not give a file: `passing` may be over in a moment, all else stays as it is. */
export class Setback extends Data.TaggedError("Setback")<{
  /** In plain words; what the server has said is escaped in it. */
  readonly problem: string
  readonly isPassing: boolean
}> {}

/** What may be over in a moment. */
export const passing = (problem: string) => new Setback({ problem, isPassing: true })

/** What another try would not change. */
export const lasting = (problem: string) => new Setback({ problem, isPassing: false })

/** Characters that are shown of what a server says. */
const maxShown = 200

/** What a server has said, on one line and not longer than a line. */
export const said = (text: string): string =>
  line(text.length > maxShown ? `${text.slice(0, maxShown)}...` : text)
