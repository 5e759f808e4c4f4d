import * as Escape from "@moco/core/Escape"
import type { ChannelStatistics } from "@moco/data/Dataset/statistics"
import type { ImageSource } from "@moco/data/ImageSource"
import { numPairs, type Views } from "./views.ts"

/** What there is to train on and to evaluate on, in words, with the number of images of every class. */
export const describe = (name: string, train: ImageSource, test: ImageSource | undefined): string => {
  const size =
    train.size.kind === "fixed" ? `${train.size.height} x ${train.size.width}` : "of different sizes"
  const kind = train.channels === 1 ? "gray" : train.channels === 3 ? "RGB" : `${train.channels} channels`
  const evaluated = test === undefined ? "none to evaluate on" : `${test.numImages} to evaluate on`
  const lines = [
    `${Escape.line(name)}: ${train.numImages} images to train on, ${evaluated}; ${kind}, ${size}`,
    ...(train.labels === undefined
      ? ["no classes: an encoder is trained on them, and nothing is evaluated by labels"]
      : countsOf(train).map(([label, count]) => `  ${String(count).padStart(7)}  ${Escape.line(label)}`))
  ]
  return lines.join("\n")
}

const countsOf = ({ classes = [], labels = new Int32Array() }: ImageSource) => {
  const counts = new Int32Array(classes.length)
  for (const label of labels) counts[label]! += 1
  return classes.map((label, index) => [label, counts[index]!] as const)
}

/** Mean and standard deviation of every channel, of values from 0 to 1; of how many images, where it is not all. */
export const describeChannels = ({ mean, std }: ChannelStatistics, numSeen?: number): string => {
  const listed = (values: ReadonlyArray<number>) => values.map((value) => value.toFixed(4)).join(", ")
  const of = numSeen === undefined ? "" : ` (of ${numSeen} images)`
  return `channels, 0 to 1: mean ${listed(mean)}; standard deviation ${listed(std)}${of}`
}

/** By what the views of a picture were drawn. */
export const describeViews = ({ imageSize, seed, whose }: Views): string =>
  `views ${whose}, ${imageSize} x ${imageSize} pixels, seed ${seed}: an image, then the query and the key of ${numPairs} epochs`
