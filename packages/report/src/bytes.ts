const units = ["bytes", "kB", "MB", "GB"] as const

/** A number of bytes as one reads it: `5 bytes`, `29.5 kB`, `2.64 GB`. */
export const bytesText = (numBytes: number): string => {
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, numBytes)) / 3)))
  return step === 0
    ? `${numBytes} bytes`
    : `${Number((numBytes / 1000 ** step).toPrecision(3))} ${units[step]}`
}
