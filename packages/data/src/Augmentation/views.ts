import type * as tf from "@tensorflow/tfjs-core"
import type { Augmentation, PlanKey } from "../Augmentation.ts"
import type { AugmentationPlan } from "../AugmentationPlan.ts"
import type { Images } from "../ImageSource.ts"
import { type ImageGroup, inOrder, toGroups } from "../ImageTensors.ts"

/** What an augmentation makes of the images of a batch, whatever their sizes. Pure; tensors belong to the caller's tidy. */
type Of<Part extends keyof Augmentation["Service"]> = Pick<Augmentation["Service"], Part>

/** The plans of one view of a batch; image n is number `indices[n]` of the training set. */
export const plansOf = (
  { draw }: Of<"draw">,
  images: Images,
  indices: Int32Array,
  key: Omit<PlanKey, "index">
): ReadonlyArray<AugmentationPlan> =>
  images.map((image, row) => draw({ ...key, index: indices[row]! }, image))

/** The view of a group of a batch; `plans` are those of the whole batch. */
export const viewOfGroup = (
  { apply }: Of<"apply">,
  { image_NHWC, rows }: ImageGroup,
  plans: ReadonlyArray<AugmentationPlan>
): tf.Tensor4D =>
  apply(
    image_NHWC,
    rows.map((row) => plans[row]!)
  )

/** The view of a batch, in its order; `plans` has one for each image. */
export const viewOf = (
  augmentation: Of<"apply">,
  groups: ReadonlyArray<ImageGroup>,
  plans: ReadonlyArray<AugmentationPlan>
): tf.Tensor4D => inOrder(groups, (group) => viewOfGroup(augmentation, group, plans))

/** Images as an encoder is evaluated on them: what the test images and the kNN bank get, in the order of the batch. */
export const normalized = ({ normalize }: Of<"normalize">, images: Images, channels: number): tf.Tensor4D =>
  inOrder(toGroups(images, channels), ({ image_NHWC }) => normalize(image_NHWC))
