import { withoutColour } from "@moco/data/Augmentation/settings"
import * as Catalog from "@moco/data/Catalog"
import { isSection } from "./overrides.ts"
import { withNewNames } from "./renamed.ts"

/**
 * A config that an older program has written, as it would be written today: settings under today's names, and those that
 * there were not at the one value that there was. What is no config is given back, and refused by whoever decodes it.
 */
export const upgradeConfig = (stored: unknown): unknown => {
  const config = withNewNames(stored)
  if (!isSection(config)) return config
  const { augmentation, data, encoder, evaluations } = config
  return {
    ...config,
    // Views kept their hue and saturation, and were jittered in one order.
    ...(isSection(augmentation) ? { augmentation: { ...withoutColour, ...augmentation } } : {}),
    // An encoder saw the images in their own size.
    ...(isSection(data) ? { data: { ...ownSize(data["name"]), ...data } } : {}),
    // A number of neighbours could be named twice.
    ...(isSection(evaluations) ? { evaluations: withDistinctK(evaluations) } : {}),
    // There was one kind of encoder.
    ...(isSection(encoder) ? { encoder: { kind: "resnet", ...encoder } } : {})
  }
}

const withDistinctK = (evaluations: Readonly<Record<PropertyKey, unknown>>) => {
  const { knn } = evaluations
  if (!isSection(knn) || !Array.isArray(knn["k"])) return evaluations
  return { ...evaluations, knn: { ...knn, k: [...new Set(knn["k"])] } }
}

const ownSize = (dataset: unknown): { readonly imageSize?: number } => {
  const name = Catalog.names.find((known) => known === dataset)
  const size = name && Catalog.entryOf(name).size
  return size === undefined ? {} : { imageSize: size.height }
}
