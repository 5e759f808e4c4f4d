/** What others must know of an encoder, worked out from its settings: nothing as large as the network is made. */
export interface EncoderSizes {
  /** Length of a feature, what the dictionary holds. */
  readonly featureSize: number
  /** Length of what evaluations look at. */
  readonly representationSize: number
  readonly numParameters: number
  /** Numbers that the first layer gives for an image: the least that is in memory beside the image. */
  readonly firstLayer: (height: number, width: number) => number
  /** Floating-point operations of the forward pass of one square image of `imageSize` pixels. */
  readonly forwardFlops: (imageSize: number) => number
  /** What takes less memory when it is lowered, by the settings' own names. */
  readonly smaller: ReadonlyArray<string>
}
