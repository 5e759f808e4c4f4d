import type { Inspection } from "@moco/evaluation/Inspection"
import type { EncoderCard } from "@moco/train/EncoderCard"
import type { KeptEvaluations } from "@moco/train/RunFolder/evaluated"
import type { Pictures } from "../../charts/inline/pictures.ts"
import type { DrawnRun } from "../../charts/runChart/curves.ts"
import type { RunEnvironment } from "../../environment.ts"

/** A file of a run folder: what it says, or, in words, why it says nothing. */
export type Found<A> = { readonly value: A } | { readonly missing: string }

/** What an encoder has made of some images, with its pictures. */
export interface Inspected {
  readonly inspection: Inspection
  /** A picture file that cannot be shown is left out, and `left` says why. */
  readonly pictures: Partial<Record<"thumbnails" | "neighbours" | "pairs" | "filters", Pictures>>
  readonly left: ReadonlyArray<string>
}

/** Commands that can be pasted into a shell. */
export interface Commands {
  readonly repeat: string
  readonly goOn?: string
  /** Looks at what its encoder makes of images. */
  readonly inspect?: string
}

/** Everything that the report of a run is made of. */
export interface RunSource {
  readonly run: DrawnRun
  readonly card: Found<EncoderCard>
  readonly environment: RunEnvironment | undefined
  readonly inspected: Found<Inspected>
  /** What was measured of its encoder after it had been trained. */
  readonly since: KeptEvaluations
  readonly quarantine: ReadonlyArray<{ readonly file: string; readonly problem: string }>
  readonly commands: Commands
  /** What was not finite, where the run ended by that. */
  readonly failure?: string
}
