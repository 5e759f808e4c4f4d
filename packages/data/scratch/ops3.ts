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
  const R = tf.randomUniform([N, 1, H, H])
  time("sync", () => tf.add(x, 0))
  time("transpose", () => tf.transpose(x, [0, 3, 1, 2]))
  time("NCHW", () => tf.transpose(tf.matMul(R, tf.matMul(tf.transpose(x, [0, 3, 1, 2]), R, false, true)), [0, 2, 3, 1]))
}
