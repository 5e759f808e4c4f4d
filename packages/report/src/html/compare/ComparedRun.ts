import type { DrawnRun } from "../../charts/runChart/curves.ts"
import type { RunEnvironment } from "../../environment.ts"
import type { Commands } from "../run/RunSource.ts"

/** One of several runs that stand beside each other. */
export interface ComparedRun extends DrawnRun {
  /** What it ran on, as far as that is known. */
  readonly environment?: RunEnvironment | undefined
  /** What takes it again, where the caller knows how that is typed. */
  readonly commands?: Commands | undefined
}
