import { Schema } from "effect"
import { entryOf, evaluationSplits, names } from "./Catalog.ts"
import { maxInputSize } from "./Dataset/check.ts"

/** The name of a data set that a program brings itself, in place of one of the catalog's. */
export const ownImages = "own"

/** Which images a run is of. */
export const DataSettings = Schema.Struct({
  name: Schema.Literals([...names, ownImages]).annotate({
    description: [
      ...names.map((name) => entryOf(name).description),
      `a data set that is given in code (${ownImages})`
    ].join(", or ")
  }),
  evaluationSplit: Schema.Literals(evaluationSplits).annotate({
    description: "evaluate on the test images, or, while choosing settings, by training images held back"
  }),
  imageSize: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: maxInputSize })).annotate({
    description: "height and width of what the encoder sees: images are cropped and stretched to it",
    unit: "pixels"
  })
})
export type DataSettings = typeof DataSettings.Type
