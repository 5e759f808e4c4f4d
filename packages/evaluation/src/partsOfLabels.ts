import * as Stage from "@moco/core/Stage"
import { Schema } from "effect"

/** Parts of the training labels that a classifier is given, one after the other; an evaluation describes what for. */
export const PartsOfLabels = Schema.Array(
  Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMinimum: true }))
)
  .check(Schema.isMinLength(1), Schema.isMaxLength(10))
  .annotate({ unit: "fraction" })

/** `10 % of the labels`. */
export const partInWords = (part: number): string =>
  part === 1 ? "all labels" : `${Number((100 * part).toPrecision(6))} % of the labels`

/** Each part has a metric of its own. */
export const partsNeeds = (labels: ReadonlyArray<number>): ReadonlyArray<Stage.Need> => [
  Stage.that(labels.length > 0, "labels", labels, "must name at least one part", "[1] is all of them"),
  Stage.that(
    new Set(labels).size === labels.length,
    "labels",
    labels,
    "names a part twice",
    "leave one of the two out"
  )
]
