export { anyPlanKey, augmentationLaws, augmentationSizeLaws } from "./laws/Augmentation.ts"
export { imageSourceLaws } from "./laws/ImageSource.ts"
export { mixedSource, type Readings, reordered } from "./sources.ts"
