/** The formats of images that are read, by how their files begin; a name's ending says nothing. */
export type ImageFormat = "jpeg" | "png" | "webp" | "gif" | "bmp"

const ascii = (text: string) => Array.from(text, (letter) => letter.charCodeAt(0))

/** What stands at which byte of a file of a format. */
const signatures: ReadonlyArray<{
  readonly format: ImageFormat
  readonly parts: ReadonlyArray<{ readonly at: number; readonly bytes: ReadonlyArray<number> }>
}> = [
  { format: "jpeg", parts: [{ at: 0, bytes: [0xff, 0xd8, 0xff] }] },
  { format: "png", parts: [{ at: 0, bytes: [0x89, ...ascii("PNG"), 0x0d, 0x0a, 0x1a, 0x0a] }] },
  {
    format: "webp",
    parts: [
      { at: 0, bytes: ascii("RIFF") },
      { at: 8, bytes: ascii("WEBP") }
    ]
  },
  { format: "gif", parts: [{ at: 0, bytes: ascii("GIF8") }] },
  { format: "bmp", parts: [{ at: 0, bytes: ascii("BM") }] }
]

/** Of which format a file is whose bytes begin like this; undefined where it is none that is read. */
export const formatOf = (bytes: Uint8Array): ImageFormat | undefined =>
  signatures.find(({ parts }) =>
    parts.every((part) => part.bytes.every((byte, offset) => bytes[part.at + offset] === byte))
  )?.format

const endings = /\.(?:jpe?g|png|webp|gif|bmp)$/i

/** Whether a file of this name is taken for an image. */
export const isImageName = (name: string): boolean => endings.test(name)

/** The formats, in words. */
export const formatNames = "JPEG, PNG, WebP, GIF (its first frame) or BMP"
