import * as Stage from "@moco/core/Stage"

/** What the kNN monitor needs, beside a bank of `numImages` labelled images. */
export const knnNeeds = (
  { neighbours, temperature }: { readonly neighbours: ReadonlyArray<number>; readonly temperature: number },
  numImages: number
): ReadonlyArray<Stage.Need> => [
  Stage.that(
    neighbours.length > 0,
    "neighbours",
    neighbours,
    "must name at least one number",
    "200 and 20 are usual"
  ),
  ...neighbours.flatMap((k, i) => [
    Stage.count(`neighbours[${i}]`, k, "200 and 20 are usual"),
    Stage.that(
      k <= numImages,
      `neighbours[${i}]`,
      k,
      `must be at most ${numImages}, the training images that are searched for neighbours`,
      "ask for fewer neighbours (evaluation.neighbours), or give more images"
    )
  ]),
  Stage.that(
    temperature > 0 && Number.isFinite(temperature),
    "temperature",
    temperature,
    "must be a number above 0",
    "0.1 in the literature"
  )
]
