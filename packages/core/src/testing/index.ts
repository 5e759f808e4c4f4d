export { assertClose } from "./assertClose.ts"
export { forbidden, hostile } from "./hostile.ts"
export * as LinearNetwork from "./LinearNetwork.ts"
export { collectiveLaws } from "./laws/Collective.ts"
export { contrastiveLossLaws } from "./laws/ContrastiveLoss.ts"
export { dictionaryLaws } from "./laws/Dictionary.ts"
export {
  batchSize as dictionaryBatchSize,
  numImages as dictionaryNumImages
} from "./laws/dictionaryStep.ts"
export { encoderLaws } from "./laws/Encoder.ts"
export { keyShuffleLaws } from "./laws/KeyShuffle.ts"
export { momentumUpdateLaws } from "./laws/MomentumUpdate.ts"
export * as Property from "./Property.ts"
export * as TensorLeak from "./TensorLeak.ts"
export { tinyResNet } from "./tinyResNet.ts"
