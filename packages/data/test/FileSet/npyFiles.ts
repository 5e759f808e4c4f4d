/** An array's file: version 1, the header filled up as NumPy does. */
export const npyOf = (
  descr: string,
  shape: ReadonlyArray<number>,
  content: Uint8Array = new Uint8Array(),
  fortran = "False"
) => {
  const sides = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${sides}, }`
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10
  const head = Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, length & 0xff, length >> 8])
  return Buffer.concat([head, Buffer.from(`${text.padEnd(length - 1)}\n`), content])
}
