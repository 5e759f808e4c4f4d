import type { Image } from "../ImageSource.ts"

/** Where an uncompressed BMP keeps what, by the byte; numbers are little-endian. */
const at = { pixels: 10, headerSize: 14, width: 18, height: 22, bits: 28, compression: 30, numColours: 46 }

/** The shortest header with a size in 32 bits, as all programs since Windows 3 write it. */
const minHeaderSize = 40
const fileHeaderSize = 14

const compressions = { none: 0, masks: 3, masksWithAlpha: 6 } as const

/** The three parts of a 16-bit pixel without masks, 5 bits each; and those of a 32-bit one. */
const usualMasks = { 16: [0x7c00, 0x03e0, 0x001f], 32: [0xff0000, 0xff00, 0xff] } as const

/**
 * The RGB pixels of an uncompressed BMP of 1, 4, 8, 16, 24 or 32 bits a pixel. A fourth channel is left out: most
 * programs write zeros into it, which mean nothing.
 *
 * @throws Error  whose message says what is wrong with the file
 */
export const decodeBmp = (bytes: Uint8Array, { maxPixels }: { readonly maxPixels: number }): Image => {
  if (bytes.length < fileHeaderSize + minHeaderSize) throw new Error("it ends within its header")
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headerSize = view.getUint32(at.headerSize, true)
  if (headerSize < minHeaderSize)
    throw new Error(`its header has ${headerSize} bytes; ${minHeaderSize} are the least`)
  const [width, signedHeight] = [view.getInt32(at.width, true), view.getInt32(at.height, true)]
  const height = Math.abs(signedHeight)
  if (width < 1 || height < 1) throw new Error(`its header says ${signedHeight} x ${width} pixels`)
  if (height * width > maxPixels)
    throw new Error(`it has ${height} x ${width} pixels, and ${maxPixels} are the most`)
  const bits = view.getUint16(at.bits, true)
  const start = view.getUint32(at.pixels, true)
  const rowBytes = Math.ceil((width * bits) / 32) * 4
  if (start + rowBytes * height > bytes.length) throw new Error("it ends before its last pixel")
  const colourOf = colours(view, bits, headerSize)
  const pixels_HWC = new Uint8Array(height * width * 3)
  for (let y = 0; y < height; y++) {
    // A positive height means that the lowest row comes first.
    const row = start + rowBytes * (signedHeight > 0 ? height - 1 - y : y)
    for (let x = 0; x < width; x++) colourOf(row, x, pixels_HWC, (y * width + x) * 3)
  }
  return { height, width, pixels_HWC }
}

/** Writes the colour of pixel `x` of the row that begins at `row`. */
type Colour = (row: number, x: number, into: Uint8Array, offset: number) => void

const colours = (view: DataView, bits: number, headerSize: number): Colour => {
  const compression = view.getUint32(at.compression, true)
  const hasMasks = compression === compressions.masks || compression === compressions.masksWithAlpha
  if (compression !== compressions.none && !(hasMasks && (bits === 16 || bits === 32))) {
    throw new Error("it is a compressed BMP, which is not read; save it as PNG")
  }
  if (bits === 1 || bits === 4 || bits === 8) return indexed(view, bits, fileHeaderSize + headerSize)
  if (bits === 24) {
    return (row, x, into, offset) => {
      for (const channel of [0, 1, 2]) into[offset + channel] = view.getUint8(row + x * 3 + 2 - channel)
    }
  }
  if (bits === 16 || bits === 32) return masked(view, bits, hasMasks)
  throw new Error(`it has ${bits} bits a pixel; 1, 4, 8, 16, 24 or 32 are read`)
}

/** Pixels that are places in a table of blue, green, red and a byte of no use. */
const indexed = (view: DataView, bits: 1 | 4 | 8, table: number): Colour => {
  const said = view.getUint32(at.numColours, true)
  const numColours = said === 0 ? 2 ** bits : said
  if (numColours > 2 ** bits || table + numColours * 4 > view.byteLength) {
    throw new Error(`its table of colours says that it has ${said}`)
  }
  return (row, x, into, offset) => {
    const place = x * bits
    const index = (view.getUint8(row + (place >> 3)) >> (8 - bits - (place & 7))) & (2 ** bits - 1)
    if (index >= numColours) throw new Error(`a pixel has colour ${index}, and its table has ${numColours}`)
    for (const channel of [0, 1, 2]) into[offset + channel] = view.getUint8(table + index * 4 + 2 - channel)
  }
}

/** Pixels whose channels are some of their bits each. */
const masked = (view: DataView, bits: 16 | 32, hasMasks: boolean): Colour => {
  const masks = hasMasks
    ? [0, 1, 2].map((channel) => view.getUint32(fileHeaderSize + minHeaderSize + channel * 4, true))
    : usualMasks[bits]
  const parts = masks.map((mask) => {
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask)
    return { mask, shift, most: Math.max(1, mask >>> shift) }
  })
  return (row, x, into, offset) => {
    const pixel = bits === 16 ? view.getUint16(row + x * 2, true) : view.getUint32(row + x * 4, true)
    for (const [channel, { mask, most, shift }] of parts.entries()) {
      into[offset + channel] = Math.round((((pixel & mask) >>> shift) * 255) / most)
    }
  }
}
