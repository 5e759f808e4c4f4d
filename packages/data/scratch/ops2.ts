import * as tf from "@tensorflow/tfjs-core"
import "@tensorflow/tfjs-node-gpu"
await tf.ready()
const time = (name: string, f: () => tf.Tensor) => {
  const g = () => tf.tidy(() => { f().dataSync() })
  for (let i = 0; i < 20; i++) g()
  const ts: number[] = []
  for (let i = 0; i < 100; i++) { const t = performance.now(); g(); ts.push(performance.now() - t) }
  ts.sort((a, b) => a - b)
  console.log(name.padEnd(20), "median", ts[50]!.toFixed(2), "min", ts[0]!.toFixed(2), "ms")
}
for (const [N, H, C] of [[256, 28, 1], [256, 32, 3]] as const) {
  const x = tf.randomUniform([N, H, H, C]) as tf.Tensor4D
  const R = tf.randomUniform([N, H, H]) as tf.Tensor3D
  time("sync", () => tf.add(x, 0))
  const first = () => tf.matMul(R, tf.reshape(x, [N, H, H * C]))
  time("rows", first)
  time("rows+cols broadcast", () => tf.matMul(tf.reshape(R, [N, 1, H, H]), tf.reshape(first(), [N, H, H, C])))
  time("rows+cols transposes", () => {
    const t = tf.reshape(tf.transpose(tf.reshape(first(), [N, H, H, C]), [0, 2, 1, 3]), [N, H, H * C])
    return tf.transpose(tf.reshape(tf.matMul(R, t), [N, H, H, C]), [0, 2, 1, 3])
  })
  if (C === 1) time("rows+cols transposeB", () => tf.reshape(tf.matMul(first(), R, false, true), [N, H, H, 1]))
  const pad = tf.mirrorPad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], "symmetric")
const boxes = tf.tidy(() => tf.tensor2d(Array.from({ length: N }, () => [0.1, 0.2, 0.8, 0.9])))
const ind = tf.range(0, N, 1, "int32") as tf.Tensor1D
  time("pad", () => tf.mirrorPad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], "symmetric"))
  time("cropAndResize", () => tf.image.cropAndResize(pad, boxes, ind, [H, H]))
}
