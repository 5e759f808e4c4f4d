import { type ChannelStatistics, channelStatistics } from "@moco/data/Dataset/statistics"
import type { ImageSource } from "@moco/data/ImageSource"
import { Effect } from "effect"
import { spread } from "./images.ts"

/** Images of which statistics are taken at most: decoding every photograph of a large folder takes minutes. */
const most = { fixed: 60_000, mixed: 2_000 } as const

interface Shown {
  readonly train: ImageSource
  readonly statistics: ChannelStatistics | undefined
}

/** Of the channels of the images to train on: as they are published, else of all images or of so many. */
export const statisticsOf = Effect.fnUntraced(function* ({ statistics, train }: Shown) {
  if (statistics !== undefined) return { statistics, numSeen: undefined }
  const count = most[train.size.kind]
  if (train.numImages <= count) return { statistics: yield* channelStatistics(train), numSeen: undefined }
  const places = spread(train.numImages, count)
  const some: ImageSource = {
    ...train,
    numImages: count,
    read: (indices) => train.read(indices.map((index) => places[index]!))
  }
  return { statistics: yield* channelStatistics(some), numSeen: count }
})
