import { maskedCrc32c } from "./crc32c.ts"

/** Length of a record beside its data: 8 bytes of length, 4 of its checksum, 4 of the data's. */
const frameBytes = 16

/**
 * Data as a record of a TFRecord file, all numbers with the lowest byte first: length (64 bit), its masked CRC-32C, the
 * data, its masked CRC-32C.
 */
export const toRecord = (data: Uint8Array): Uint8Array => {
  const record = new Uint8Array(data.length + frameBytes)
  const view = new DataView(record.buffer)
  view.setBigUint64(0, BigInt(data.length), true)
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true)
  record.set(data, 12)
  view.setUint32(12 + data.length, maskedCrc32c(data), true)
  return record
}
