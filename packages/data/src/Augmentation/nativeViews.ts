import type { ImageFunctions } from "@moco/native/ImageFunctions"
import { type AugmentationPlan, fixedOrder } from "../AugmentationPlan.ts"
import type { Dataset } from "../Dataset.ts"
import type { Images } from "../ImageSource.ts"
import { halfKernel } from "./Blur.ts"

type Seen = Dataset["Service"]["input"]

/** Numbers of a plan (native/binding/views.cc). */
const numFields = 19
const numSteps = fixedOrder.length
const graySteps = ["none", "beforeJitter", "afterJitter"] as const

/** Whether the addon makes these views: it knows images in gray and in colour, and no more steps than there are. */
export const isNative = ({ channels }: Seen, plans: ReadonlyArray<AugmentationPlan>): boolean =>
  (channels === 1 || channels === 3) && plans.every(({ order }) => order.length <= numSteps)

/** The views that `viewsHere` makes, to the bit, by the project's addon on all threads. */
export const nativeViews = (
  native: ImageFunctions,
  images: Images,
  plans: ReadonlyArray<AugmentationPlan>,
  { input, mean, std }: Pick<Dataset["Service"], "input" | "mean" | "std">
): Float32Array => {
  const fields = new Float64Array(plans.length * numFields)
  const kernels: Array<number> = []
  /** Where the weights of a blur begin, and how many there are. */
  const blurOf = (sigma: number, size: number) => {
    const weights = sigma === 0 ? [] : halfKernel(sigma, size)
    return [kernels.push(...weights) - weights.length, weights.length]
  }
  plans.forEach((plan, row) => {
    const { blur, brightness, contrast, crop, flip, gray, hue, order, saturation, solarize } = plan
    fields.set(
      [
        ...[crop.top, crop.left, crop.height, crop.width, Number(flip)],
        ...[brightness, contrast, saturation, hue],
        ...Array.from({ length: numSteps }, (_, place) =>
          place < order.length ? fixedOrder.indexOf(order[place]!) : numSteps
        ),
        ...[graySteps.indexOf(gray), solarize ?? -1],
        ...blurOf(blur, input.width),
        ...blurOf(blur, input.height)
      ],
      row * numFields
    )
  })
  const views = native.makeViews(
    images,
    fields,
    Float64Array.from(kernels),
    input,
    Float32Array.from(mean),
    Float32Array.from(std)
  )
  return new Float32Array(views)
}
