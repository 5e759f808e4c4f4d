import { Backend } from "@moco/core/Backend"
import type { Weights } from "@moco/core/Encoder"
import * as ResNet from "@moco/core/Encoder/ResNet"
import * as SafeFile from "@moco/core/SafeFile"
import * as Safetensors from "@moco/core/Safetensors"
import * as Tensor from "@moco/core/Tensor"
import { fromTorch, toTorch } from "@moco/core/TorchTensors"
import * as Catalog from "@moco/data/Catalog"
import { Dataset } from "@moco/data/Dataset"
import { readRange } from "@moco/data/ImageSource"
import { toTensor } from "@moco/data/ImageTensors"
import { cacheDirOf, noCacheDir } from "@moco/native/cacheDir"
import { lastLines, run } from "@moco/native/setup/Command"
import { cardOf, type EncoderCard } from "@moco/train/EncoderCard"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, FileSystem, Path, Schema } from "effect"
import { given, safetensorsVersion, setUp } from "../peer/torch.ts"

/** The encoder cannot be loaded into PyTorch, or gives other features there. */
export class PyTorchDiffers extends Schema.TaggedError<PyTorchDiffers>()("PyTorchDiffers", {
  problem: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `${this.problem}\n  ${this.hint}`
  }
}

const numImages = 32

const Report = Schema.fromJsonString(
  Schema.Struct({
    images: Schema.Int,
    representationSize: Schema.Int,
    /** Whether torchvision's own network of this architecture was loaded and compared as well. */
    torchvision: Schema.Boolean,
    largest: Schema.Finite,
    /** Largest difference of a feature, as a part of the largest feature. */
    difference: Schema.Finite
  })
)

/** Features of the run's encoder for the first test images, here and in PyTorch. */
export const inPyTorch = Effect.fn("inPyTorch")(function* (runFolder: string, python: string | undefined) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = path.join(runFolder, "encoder.safetensors")
  const dir = yield* fs.makeTempDirectoryScoped()
  const record = path.join(dir, "record.safetensors")
  yield* SafeFile.create(record, yield* recordOf(yield* SafeFile.readBytes(file, { maxBytes: 2 ** 31 })))
  const cacheDir = cacheDirOf(process.platform, process.env)
  if (cacheDir === undefined) return yield* new PyTorchDiffers(noCacheDir)
  const torch = yield* python === undefined ? setUp({ cacheDir, python: "python3" }) : given(python)
  if (torch.safetensors === null) {
    return yield* new PyTorchDiffers({
      problem: `${torch.executable} has no safetensors, by which an encoder's file is read`,
      hint: `install it there (-m pip install safetensors==${safetensorsVersion}), or leave --python away`
    })
  }
  const script = path.join(import.meta.dirname, "compare.py")
  const docs = path.join(import.meta.dirname, "..", "..", "docs")
  const { exitCode, output } = yield* run(torch.executable, [script, docs, file, record])
  if (exitCode !== 0) {
    return yield* new PyTorchDiffers({
      problem: `PyTorch could not use ${file}:\n${lastLines(output)}`,
      hint: "see docs/pytorch.md"
    })
  }
  return yield* Schema.decodeUnknownEffect(Report)(output.trimEnd().split("\n").at(-1))
}, Effect.scoped)

/** The images as PyTorch takes them, and what the encoder makes of them here. */
const recordOf = Effect.fnUntraced(
  function* (bytes: Uint8Array) {
    yield* Backend
    const { test } = yield* Dataset.labelled
    const images = yield* readRange(test, 0, numImages)
    const { metadata, tensors } = yield* Safetensors.decode(bytes)
    const card = yield* cardOf(metadata)
    return yield* Tensor.run("pytorch.recordOf", () => {
      // Gray images, in as many channels as the encoder takes.
      const image_NHWC = tf.tile(toTensor(images, test.channels), [1, 1, 1, card.input.channels])
      const representation_NC = represent(card, weightsOf(fromTorch(tensors)), image_NHWC)
      const image_NCHW = tf.transpose(image_NHWC, [0, 3, 1, 2])
      // As they are: only filters have another layout in PyTorch, and these are images.
      const [image] = Object.values(toTorch({ image: tf.reshape(image_NCHW, [image_NCHW.size]) }))
      return Safetensors.encode({
        image_NCHW: { ...image!, shape: image_NCHW.shape },
        representation_NC: toTorch({ representation_NC })["representation_NC"]!
      })
    })
  },
  Effect.provide([
    Backend.layerTensorflow(),
    Catalog.layer({ name: "fashion-mnist-10k", evaluationSplit: "test", imageSize: 28 }, [])
  ]),
  Effect.scoped
)

const weightsOf = (tensors: Tensor.NamedTensors): Weights => {
  const isStatistic = ([name]: readonly [string, unknown]) => /\.running_(mean|var)$/.test(name)
  const entries = Object.entries(tensors)
  return {
    parameters: Object.fromEntries(entries.filter((entry) => !isStatistic(entry))),
    statistics: Object.fromEntries(entries.filter(isStatistic))
  }
}

const represent = ({ architecture, input }: EncoderCard, weights: Weights, image_NHWC: tf.Tensor4D) => {
  const normalised_NHWC = tf.div(
    tf.sub(image_NHWC, tf.tensor1d([...input.mean])),
    tf.tensor1d([...input.std])
  )
  if (architecture.family === "own") throw new Error("a network of a program's own is not known here")
  return ResNet.make(architecture, input.channels).represent(weights, normalised_NHWC as tf.Tensor4D)
}
