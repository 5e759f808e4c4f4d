import type { HostTensor } from "@moco/core/Safetensors"

/** Numbers from 0 to below 1, a hash of a name and a position: as `tools/parity/record_encoders.py` draws them. */
export const drawn = (name: string, size: number): Float64Array => {
  let seed = 2166136261
  for (const byte of new TextEncoder().encode(name)) seed = Math.imul(seed ^ byte, 16777619)
  return Float64Array.from({ length: size }, (_, position) => {
    let mixed = Math.imul(position ^ seed, 2654435761)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 2246822519)
    mixed ^= mixed >>> 13
    return (mixed >>> 0) / 2 ** 32
  })
}

/** A weight of PyTorch's name and shape. */
export const weightFor = (name: string, shape: ReadonlyArray<number>): HostTensor => {
  const size = shape.reduce((product, side) => product * side, 1)
  const bound = Math.sqrt((6 * shape[0]!) / size)
  const scaled = (value: number) => {
    if (name.endsWith("running_var")) return 0.5 + value
    if (name.endsWith("running_mean") || name.endsWith("bias")) return 0.2 * value - 0.1
    return shape.length === 1 ? 0.5 + value : (2 * value - 1) * bound
  }
  return { dtype: "F32", shape, data: Float32Array.from(drawn(name, size), scaled) }
}
