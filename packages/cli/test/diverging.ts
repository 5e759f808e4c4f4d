import { readFileSync } from "node:fs"

/** A run of 16 steps whose rate is so high that its weights overflow in a few of them. */
export const diverging = [
  ...["train", "--set", "encoder.layers=[1]", "--set", "encoder.width=4", "--set", "encoder.stem=imagenet"],
  ...["--set", "encoder.featureSize=16", "--set", "backend.threads=1", "--set", "training.batchSize=500"],
  ...["--set", "encoder.batchNormGroups=2", "--set", "dictionary.size=1000", "--epochs=1"],
  ...["--set", "evaluations.knn.k=[20]", "--set", "optimizer.learningRate=1e6"]
]
export const back = "--on-nan=rollback"

/** The parts of a checkpoint on which a run's future depends. */
export const parts = ["query.safetensors", "optimizer.safetensors", "dictionary.safetensors"]

/** The numbers of a safetensors file that are none. */
export const nonFinite = (file: string) => {
  const bytes = readFileSync(file)
  const headerBytes = Number(bytes.readBigUInt64LE())
  const header = JSON.parse(bytes.toString("utf8", 8, 8 + headerBytes))
  return Object.keys(header).filter((name) => {
    if (header[name].dtype !== "F32") return false
    const [from, to] = header[name].data_offsets.map((offset: number) => 8 + headerBytes + offset)
    for (let at = from; at < to; at += 4) if (!Number.isFinite(bytes.readFloatLE(at))) return true
    return false
  })
}
