import * as Stage from "@moco/core/Stage"

/** What the kNN monitor needs, beside a bank of `numImages` labelled images. */
export const knnNeeds = (
  { k, temperature }: { readonly k: ReadonlyArray<number>; readonly temperature: number },
  numImages: number
): ReadonlyArray<Stage.Need> => [
  Stage.that(k.length > 0, "k", k, "must name at least one number", "200 and 20 are usual"),
  Stage.that(new Set(k).size === k.length, "k", k, "names a number twice", "leave one of the two out"),
  ...k.flatMap((count, i) => [
    Stage.count(`k[${i}]`, count, "200 and 20 are usual"),
    Stage.that(
      count <= numImages,
      `k[${i}]`,
      count,
      `must be at most ${numImages}, the training images that are searched for neighbours`,
      "ask for fewer neighbours (evaluations.knn.k), or give more images"
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
