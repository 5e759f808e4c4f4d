import * as tf from "@tensorflow/tfjs-core"
import "@tensorflow/tfjs-node-gpu"
await tf.ready()
const time = (name: string, f: () => tf.Tensor) => {
  const g = () => tf.tidy(() => { f().dataSync() })
  for (let i = 0; i < 10; i++) g()
  const ts: number[] = []
  for (let i = 0; i < 100; i++) { const t = performance.now(); g(); ts.push(performance.now() - t) }
  ts.sort((a, b) => a - b)
  console.log(name.padEnd(20), "median", ts[50]!.toFixed(2), "min", ts[0]!.toFixed(2), "ms")
}
const N = 256
const x = tf.randomUniform([N, 28, 28, 1]) as tf.Tensor4D
const xf = tf.reshape(x, [N, 784])
const b4 = tf.randomUniform([N, 1, 1, 1])
const b2 = tf.randomUniform([N, 1])
const pad = tf.mirrorPad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], "symmetric")
const boxes = tf.tidy(() => tf.tensor2d(Array.from({ length: N }, () => [0.1, 0.2, 0.8, 0.9])))
const ind = tf.range(0, N, 1, "int32") as tf.Tensor1D
time("dataSync", () => tf.reshape(x, [N, 784]))
time("pad", () => tf.mirrorPad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], "symmetric"))
time("cropAndResize", () => tf.image.cropAndResize(pad, boxes, ind, [28, 28]))
time("mul4", () => tf.mul(x, b4))
time("mul2", () => tf.mul(xf, b2))
time("mul scalar", () => tf.mul(x, tf.scalar(2)))
time("mul [1]", () => tf.mul(x, tf.tensor1d([2])))
time("clip", () => tf.clipByValue(x, 0, 1))
time("relu6", () => tf.relu6(x))
time("min", () => tf.minimum(x, 1))
time("mean4", () => tf.mean(x, [1, 2], true))
time("mean2", () => tf.mean(xf, 1, true))
const mk = (f: (r: number) => number) => tf.tensor3d(Float32Array.from({ length: N * 784 }, (_, i) => f(i)), [N, 28, 28])
const R = mk(() => Math.random())
const x3 = tf.reshape(x, [N, 28, 28]) as tf.Tensor3D
time("matmul1", () => tf.matMul(R, x3))
time("matmul1T", () => tf.matMul(R, x3, false, true))
time("upload", () => tf.tensor3d(new Float32Array(N * 784), [N, 28, 28]))
const v = new Float32Array(N * 784).map(() => Math.random())
const jsView = () => {
  const out = new Float32Array(N * 784)
  const xi = new Int32Array(28), xw = new Float32Array(28)
  for (let n = 0; n < N; n++) {
    const top = 3, left = 4, bh = 20, bw = 21
    for (let i = 0; i < 28; i++) { const p = Math.max(0, (i + 0.5) * bw / 28 - 0.5); xi[i] = Math.floor(p) + left; xw[i] = p - Math.floor(p) }
    let sum = 0
    for (let i = 0; i < 28; i++) {
      const p = Math.max(0, (i + 0.5) * bh / 28 - 0.5)
      const y = Math.floor(p), w = p - y
      const r0 = n * 784 + (top + y) * 28, r1 = r0 + 28
      for (let j = 0; j < 28; j++) {
        const k = xi[j]!, u = xw[j]!
        const a = v[r0 + k]! + (v[r0 + k + 1]! - v[r0 + k]!) * u
        const b = v[r1 + k]! + (v[r1 + k + 1]! - v[r1 + k]!) * u
        const z = Math.min(1, Math.max(0, (a + (b - a) * w) * 1.1))
        sum += z
        out[n * 784 + i * 28 + j] = z
      }
    }
    const off = (sum / 784) * 0.2
    for (let i = n * 784; i < n * 784 + 784; i++) out[i] = (Math.min(1, Math.max(0, out[i]! * 0.8 + off)) - 0.28) / 0.35
  }
  return tf.tensor4d(out, [N, 28, 28, 1])
}
time("js whole view", jsView)
