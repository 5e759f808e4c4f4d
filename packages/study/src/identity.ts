import { createHash } from "node:crypto"
import type { Stages } from "@moco/train/PretrainLayers"
import { ownStageNames } from "@moco/train/Run/ownStages"
import { RunConfig } from "@moco/train/RunConfig"
import { seesOwnSize } from "@moco/train/RunConfig/images"
import { withOldNames } from "@moco/train/RunConfig/renamed"
import { Schema } from "effect"

/**
 * A name for what a config computes: two configs of one name are the same run. Of a program's own stages it has the names
 * alone: whoever gives other ones under the same name goes on in a study of another name.
 *
 * Settings that have no effect beside the others are left out. So a setting that is added to the program must be left
 * out here at the value at which nothing changes; then runs from before it are still recognised. A setting that is renamed
 * keeps its first name here (`RunConfig/renamed.ts`).
 */
export const identify = (config: RunConfig, stages: Stages = {}): string => {
  const own = ownNamesOf(stages)
  const computed = canonical(withOldNames(effective(config)))
  return createHash("sha256")
    .update(own.length === 0 ? computed : canonical([computed, own]))
    .digest("hex")
    .slice(0, 12)
}

/** The names of all that is given in code: a trial is what was measured as well, so its evaluations are among them. */
export const ownNamesOf = ({ evaluations = [], ...stages }: Stages): ReadonlyArray<string> => [
  ...ownStageNames(stages),
  ...(evaluations.length === 0 ? [] : ["evaluations"])
]

/** Text that is the same for equal JSON values, whatever the order of their keys. */
export const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null"
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(",")}}`
}

const encode = Schema.encodeSync(RunConfig)

const effective = (config: RunConfig): unknown => {
  const { augmentation, data, encoder, keyShuffle, loss, momentum, ...rest } = encode(config)
  const isQueue = config.dictionary.kind === "queue"
  const encodesKeys = config.dictionary.kind !== "memoryBank"
  const { groups = 1, kind, ...ungrouped } = encoder
  // One group is what there was before there were groups.
  const network = groups === 1 ? ungrouped : { ...ungrouped, groups }
  return {
    ...rest,
    data: asBefore(data),
    // Until there was a second kind, an encoder did not say that it is a ResNet.
    encoder: kind === "resnet" ? network : { kind, ...network },
    // Runs of NCE from when its normalizer was that of a random bank were other runs.
    loss: loss.kind === "nce" ? { ...loss, normalizer: "features" } : loss,
    augmentation: withEffect(augmentation),
    ...(isQueue ? { momentum: asEma(momentum) } : {}),
    // Plain says which batch norm is meant; what is computed is the same.
    ...(encodesKeys ? { keyShuffle: keyShuffle.kind === "plain" ? { kind: "none" } : keyShuffle } : {})
  }
}

/** Without what does nothing to any view, and what belongs to it. */
const withEffect = (augmentation: RunConfig["augmentation"]) => {
  const { blur, blurSigma, ...others } = augmentation
  const { gray, grayBeforeJitter, hue, jitterOrder, saturation, ...rest } = others
  const { solarize, solarizeThreshold, ...views } = rest
  return {
    ...views,
    ...(blur === 0 ? {} : { blur, blurSigma }),
    ...(saturation === 0 ? {} : { saturation }),
    ...(hue === 0 ? {} : { hue }),
    ...(jitterOrder === "fixed" ? {} : { jitterOrder }),
    ...(gray === 0 ? {} : { gray, grayBeforeJitter }),
    ...(solarize === 0 ? {} : { solarize, solarizeThreshold })
  }
}

/** The size that the encoder sees only where it is not the images' own. */
const asBefore = (data: RunConfig["data"]) => {
  const { imageSize, ...rest } = data
  return { ...rest, ...(seesOwnSize({ data }) ? {} : { imageSize }) }
}

/** A copying and a frozen key encoder are moving averages with m = 0 and m = 1. */
const asEma = (momentum: RunConfig["momentum"]): RunConfig["momentum"] => {
  switch (momentum.kind) {
    case "copy":
      return { kind: "ema", m: 0 }
    case "frozen":
      return { kind: "ema", m: 1 }
    default:
      return momentum
  }
}
