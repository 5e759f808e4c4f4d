import { Layer } from "effect"
import { Dataset } from "../Dataset.ts"
import * as Synthetic from "../ImageSource/Synthetic.ts"
import { pixelStatistics } from "./statistics.ts"

/** What a synthetic set looks like. */
export interface SyntheticSettings extends Synthetic.SyntheticImages {
  readonly numTrain: number
  readonly numTest: number
}

/**
 * Synthetic images as a data set, for tests and measurements: test images follow the training images, so none is in
 * both.
 */
export const layerSynthetic = (settings: SyntheticSettings): Layer.Layer<Dataset> =>
  Layer.sync(Dataset, () => {
    const { channels, height, numTest, numTrain, width } = settings
    const train = Synthetic.pixels(settings, 0, numTrain)
    return Dataset.of({
      name: "synthetic",
      train: Synthetic.source(settings, train),
      test: Synthetic.source(settings, Synthetic.pixels(settings, numTrain, numTest)),
      input: { height, width, channels },
      ...pixelStatistics(train.pixels_NHWC, channels)
    })
  })
