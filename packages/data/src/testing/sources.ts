import { Effect } from "effect"
import * as ImageSource from "../ImageSource.ts"

/** Images of many sizes, 1 to 7 pixels a side: image i holds i everywhere; none has a label. */
export const mixedSource = (numImages: number, channels: number): ImageSource.ImageSource => {
  const sizeOf = (index: number) => ({ height: 1 + (index % 7), width: 1 + ((3 * index) % 5) })
  return ImageSource.make({
    numImages,
    size: { kind: "mixed", sizeOf },
    channels,
    classes: undefined,
    labels: undefined,
    provenance: { name: "mixed", sha256: {}, from: "made by a test", licence: undefined },
    read: (indices) =>
      Effect.sync(() =>
        Array.from(indices, (index) => {
          const { height, width } = sizeOf(index)
          return { height, width, pixels_HWC: new Uint8Array(height * width * channels).fill(index % 256) }
        })
      )
  })
}

/** How often a source is asked, and how many readings are under way. */
export interface Readings {
  begun: number
  ended: number
}

/**
 * The same images, each reading of which lets others pass it: it gives way `turnsOf` times before it answers.
 *
 * @param readings  are counted, whichever way they end
 */
export const reordered = (
  source: ImageSource.ImageSource,
  turnsOf: (indices: Int32Array) => number,
  readings: Readings = { begun: 0, ended: 0 }
): ImageSource.ImageSource =>
  ImageSource.make({
    ...source,
    read: (indices) =>
      Effect.gen(function* () {
        readings.begun++
        for (let turn = turnsOf(indices); turn > 0; turn--) yield* Effect.yieldNow
        return yield* source.read(indices)
      }).pipe(Effect.ensuring(Effect.sync(() => readings.ended++)))
  })
