import type { HostTensor } from "@moco/core/Safetensors"

/** Numbers from 0 to below 1, a hash of a name and a position: as `tools/parity/record_encoders.py` draws them. */
export const drawn = (name: string, size: number): Float64Array => {
  let seed = 2166136261
  for (const byte of new TextEncoder().encode(name)) seed = Math.imul(seed ^ byte, 16777619)
  // A loop: for the 23 million numbers of a ResNet-50 a callback takes several times as long.
  const numbers = new Float64Array(size)
  for (let position = 0; position < size; position++) {
    let mixed = Math.imul(position ^ seed, 2654435761)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 2246822519)
    mixed ^= mixed >>> 13
    numbers[position] = (mixed >>> 0) / 2 ** 32
  }
  return numbers
}

/** A weight of PyTorch's name and shape. */
export const weightFor = (name: string, shape: ReadonlyArray<number>): HostTensor => {
  const size = shape.reduce((product, side) => product * side, 1)
  const bound = Math.sqrt((6 * shape[0]!) / size)
  const [from, to] = name.endsWith("running_var")
    ? [0.5, 1.5]
    : name.endsWith("running_mean") || name.endsWith("bias")
      ? [-0.1, 0.1]
      : shape.length === 1
        ? [0.5, 1.5]
        : [-bound, bound]
  const data = new Float32Array(size)
  drawn(name, size).forEach((value, at) => {
    data[at] = from + (to - from) * value
  })
  return { dtype: "F32", shape, data }
}
