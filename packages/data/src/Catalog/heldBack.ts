import { Effect } from "effect"
import { type ImageSource, slice } from "../ImageSource.ts"
import type { EvaluationSplit, Sources, SplitSizes } from "./CatalogEntry.ts"

/** A published part of a data set. */
export type Part = "train" | "test"

/** Images of a data set of which the last training images can be held back. */
export interface Counts {
  readonly train: number
  readonly test: number
  /** Images that are left to train on while others of them are evaluated on. */
  readonly kept: number
}

/** Numbers of images by what an encoder is evaluated on. */
export const sizesOf = ({ kept, test, train }: Counts): Readonly<Record<EvaluationSplit, SplitSizes>> => ({
  test: { train, evaluation: test },
  validation: { train: kept, evaluation: train - kept }
})

/**
 * The images of a split. The test images are asked for where they are evaluated on, and only there: while settings are
 * chosen nobody needs them.
 *
 * @param read  the images of the parts that are named, in their order
 */
export const partsOf = <E, R>(
  split: EvaluationSplit,
  { kept }: Counts,
  read: (parts: ReadonlyArray<Part>) => Effect.Effect<ReadonlyArray<ImageSource>, E, R>
): Effect.Effect<Sources, E, R> =>
  Effect.map(read(split === "test" ? ["train", "test"] : ["train"]), ([train, test]) =>
    split === "test"
      ? { train: train!, test }
      : { train: slice(train!, 0, kept), test: slice(train!, kept, train!.numImages) }
  )
