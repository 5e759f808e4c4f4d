import type { Mutation } from "../Mutation.ts"

/** Mutations of batches, views and augmentation. */
export const viewsMutations: ReadonlyArray<Mutation> = [
  {
    name: "views: key view is the query view",
    file: "packages/data/src/ViewPairs.ts",
    from: "augmentation.views(images, keysOf(1))",
    to: "augmentation.views(images, keysOf(0))",
    tests: "data ViewPairs",
    fear: "the pretext task is solved without features"
  },
  {
    name: "views: every image by the first key",
    file: "packages/data/src/Augmentation.ts",
    from: "draw(keys[row]!, image)",
    to: "draw(keys[0]!, image)",
    tests: "data Augmentation ViewPairs",
    fear: "all images of a batch share one view's plan"
  },
  {
    name: "views: last batch not dropped",
    file: "packages/data/src/ViewPairs.ts",
    from: "Math.floor(numImages / batchSize)",
    to: "Math.ceil(numImages / batchSize)",
    tests: "data ViewPairs",
    fear: "a short batch at the end of an epoch"
  },
  {
    name: "views: same order in every epoch",
    file: "packages/data/src/ViewPairs.ts",
    from: "orderOf(epoch)",
    to: "orderOf(0)",
    tests: "data ViewPairs",
    fear: "the same images are left out in every epoch"
  },
  {
    name: "views: seed of the order ignored",
    file: "packages/data/src/ViewPairs.ts",
    from: "CounterRandom.make(seed, CounterRandom.Purpose.sampleOrder",
    to: "CounterRandom.make(0, CounterRandom.Purpose.sampleOrder",
    tests: "data ViewPairs",
    fear: "every seed sees the images in one order"
  },
  {
    name: "views: epoch ends one step late",
    file: "packages/data/src/ViewPairs.ts",
    from: "Math.floor(step / stepsPerEpoch)",
    to: "Math.floor((step - 1) / stepsPerEpoch)",
    tests: "data ViewPairs",
    fear: "the first step of an epoch has the old order"
  },
  {
    name: "plans: same views in every epoch",
    file: "packages/data/src/Augmentation/plan.ts",
    from: "CounterRandom.Purpose.augmentation, epoch, index, view",
    to: "CounterRandom.Purpose.augmentation, 0, index, view",
    tests: "data Augmentation ViewPairs",
    fear: "an image has two views for the whole run"
  },
  {
    name: "plans: seed ignored",
    file: "packages/data/src/Augmentation/plan.ts",
    from: "CounterRandom.make(seed, CounterRandom.Purpose.augmentation",
    to: "CounterRandom.make(0, CounterRandom.Purpose.augmentation",
    tests: "data Augmentation ViewPairs",
    fear: "every seed draws the same views"
  },
  {
    name: "plans: always mirrored",
    file: "packages/data/src/Augmentation/plan.ts",
    from: "random.uniform() < settings.flip",
    to: "random.uniform() < 1",
    tests: "data Augmentation",
    fear: "mirroring is no augmentation any more"
  },
  {
    name: "plans: contrast as strong as brightness",
    file: "packages/data/src/Augmentation/plan.ts",
    from: "drawFactor(random, settings.contrast)",
    to: "drawFactor(random, settings.brightness)",
    tests: "data Augmentation",
    fear: "a setting has no effect"
  },
  {
    name: "plans: blur always",
    file: "packages/data/src/Augmentation/plan.ts",
    from: "random.uniform() < settings.blur\n",
    to: "random.uniform() >= settings.blur\n",
    tests: "data Augmentation Blur",
    fear: "MoCo v1 blurs"
  },
  {
    name: "crop: ratio inverted",
    file: "packages/data/src/Augmentation/Crop.ts",
    from: `Math.round(Math.sqrt(area * aspect))
    const boxHeight = Math.round(Math.sqrt(area / aspect))`,
    to: `Math.round(Math.sqrt(area / aspect))
    const boxHeight = Math.round(Math.sqrt(area * aspect))`,
    tests: "data Crop",
    fear: "boxes are tall where they should be wide"
  },
  {
    name: "crop: ratio uniform",
    file: "packages/data/src/Augmentation/Crop.ts",
    from: "Math.exp(logMin + random.uniform() * (logMax - logMin))",
    to: "ratio.min + random.uniform() * (ratio.max - ratio.min)",
    tests: "data Crop",
    fear: "wide boxes are drawn more often than tall ones"
  },
  {
    name: "crop: side uniform in place of area",
    file: "packages/data/src/Augmentation/Crop.ts",
    from: "height * width * (scale.min + random.uniform() * (scale.max - scale.min))",
    to: "height * width * (scale.min + random.uniform() * (scale.max - scale.min)) ** 2",
    tests: "data Crop",
    fear: "boxes are too small"
  },
  {
    name: "crop: never at the right edge",
    file: "packages/data/src/Augmentation/Crop.ts",
    from: "random.below(width - boxWidth + 1)",
    to: "random.below(Math.max(1, width - boxWidth))",
    tests: "data Crop",
    fear: "the last column is seen less"
  },
  {
    name: "crop: corners in place of centres",
    file: "packages/data/src/Augmentation/Crop.ts",
    from: "((source + 0.5) * length) / outputs - 0.5",
    to: "(source * length) / outputs",
    tests: "data Crop",
    fear: "views are moved by half a pixel"
  },
  {
    name: "jitter: mean before brightness",
    file: "packages/data/src/Augmentation/ColorJitter.ts",
    from: "meanGray(bright_NHWC)",
    to: "meanGray(image_NHWC)",
    tests: "data ColorJitter",
    fear: "another contrast than torchvision's"
  },
  {
    name: "jitter: contrast around 0",
    file: "packages/data/src/Augmentation/ColorJitter.ts",
    from: "tf.mul(tf.sub(1, contrast_N111), meanGray(bright_NHWC))",
    to: "tf.mul(tf.sub(contrast_N111, contrast_N111), meanGray(bright_NHWC))",
    tests: "data ColorJitter",
    fear: "contrast is brightness"
  },
  {
    name: "blur: edge repeated",
    file: "packages/data/src/Augmentation/Blur.ts",
    from: "const fromStart = Math.abs(index)",
    to: "const fromStart = Math.max(0, index)",
    tests: "data Blur",
    fear: "another padding than torchvision's"
  },
  {
    name: "host crop: corners in place of centres",
    file: "packages/data/src/Augmentation/resample.ts",
    from: "((output + 0.5) * length) / outputs - 0.5",
    to: "(output * length) / outputs",
    tests: "data resample onHost",
    fear: "views of images of many sizes are moved by half a pixel"
  },
  {
    name: "host crop: never mirrored",
    file: "packages/data/src/Augmentation/taps.ts",
    from: "mirrored ? outputs - 1 - x : x",
    to: "mirrored ? x : x",
    tests: "data resample onHost",
    fear: "mirroring is no augmentation of images of many sizes"
  },
  {
    name: "colour: hue turned the other way",
    file: "packages/data/src/Augmentation/colour.ts",
    from: "sixths + 6 * turns",
    to: "sixths - 6 * turns",
    tests: "data colour",
    fear: "another hue than torchvision's"
  },
  {
    name: "colour: saturation towards white",
    file: "packages/data/src/Augmentation/colour.ts",
    from: "(1 - factor) * grayAt(values_HWC, at)",
    to: "(1 - factor) * 1",
    tests: "data colour",
    fear: "saturation is brightness"
  },
  {
    name: "colour: gray always after the jitter",
    file: "packages/data/src/Augmentation/onHost.ts",
    from: 'if (gray === "beforeJitter")',
    to: 'if (gray === "afterJitter")',
    tests: "data onHost",
    fear: "MoCo v1's gray is v2's"
  },
  {
    name: "colour: one order",
    file: "packages/data/src/Augmentation/onHost.ts",
    from: "for (const step of order)",
    to: "for (const step of [...order].sort())",
    tests: "data onHost",
    fear: "a setting has no effect"
  },
  {
    name: "plans: one order of the jitter",
    file: "packages/data/src/Augmentation/plan.ts",
    from: "Array.from(order, (place) => fixedOrder[place]!)",
    to: "fixedOrder",
    tests: "data draw",
    fear: "a setting has no effect"
  }
]
