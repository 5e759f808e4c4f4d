import type { Effect } from "effect"
import { Schema } from "effect"
import type { Network } from "../Encoder.ts"
import type { StageInvalid } from "../Stage.ts"
import type { EncoderSizes } from "./EncoderSizes.ts"
import * as ResNet from "./ResNet.ts"
import { ResNetConfig } from "./ResNetConfig.ts"
import { sizesOfResNet } from "./ResNetSizes.ts"

/** The encoders, told apart by `kind`. A new one is a line in each of these four. */
export const EncoderSettings = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("resnet"), ...ResNetConfig.fields })
]).annotate({ description: "the network that makes features of images" })
export type EncoderSettings = typeof EncoderSettings.Type

/** The network that is named, for the images and batches of `use`; fails where it cannot be, or cannot work on them. */
export const networkOf = (
  settings: EncoderSettings,
  use: ResNet.Use
): Effect.Effect<Network, StageInvalid> => {
  switch (settings.kind) {
    case "resnet":
      return ResNet.checked(settings, use)
  }
}

/** Parts of a batch that its batch norm takes apart; 1 is ordinary batch norm, or none. */
export const batchNormGroupsOf = ({ batchNormGroups }: Pick<EncoderSettings, "batchNormGroups">): number =>
  batchNormGroups

/** What others must know of the encoder that is named, for images of so many channels. */
export const sizesOf = (settings: EncoderSettings, channels: number): EncoderSizes => {
  switch (settings.kind) {
    case "resnet":
      return sizesOfResNet(settings, channels)
  }
}
