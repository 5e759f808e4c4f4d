/** How a file becomes an image. */
export interface DecodeOptions {
  /** What transparent images are laid on: red, green, blue in 0..255. */
  readonly background: ReadonlyArray<number>
  /** An image of more pixels is refused before any of them is decoded. */
  readonly maxPixels: number
  /** Images whose shorter side is longer are shrunk to it, in pixels; 0 leaves all as they are. */
  readonly shorterSide: number
}

/** RGB, whatever a file holds. */
export const channelsOfFiles = 3
