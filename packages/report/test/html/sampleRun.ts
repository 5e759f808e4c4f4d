import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type Inspection, inspectionFile, type Sprite } from "@moco/evaluation/Inspection"
import { type Distribution, type Measurement, measured } from "@moco/evaluation/Measurement"
import type { RunConfig } from "@moco/train/RunConfig"
import type { RunEvent } from "@moco/train/RunLog"
import { fashionMnistQuick } from "@moco/train/recipes/fashionMnistQuick"
import sharp from "sharp"

export const numEpochs = 12
const stepsPerEpoch = 62
const numSteps = numEpochs * stepsPerEpoch

/** A number in [0, 1) that depends on `i` alone. */
const noise = (i: number) => (Math.sin(12.9898 * (i + 1)) * 43758.5453) % 1

const unit = (i: number) => Math.abs(noise(i))

/** The config of the sample. */
export const sampleConfig = (): RunConfig => ({
  ...fashionMnistQuick(),
  training: { epochs: numEpochs, batchSize: 128 },
  loss: { kind: "infoNce", temperature: 0.2, symmetric: false }
})

/** A step of a run that learns. */
export const stepEvent = (step: number, metrics: Readonly<Record<string, number>> = {}): RunEvent => ({
  event: "step",
  step,
  epoch: Math.floor(step / stepsPerEpoch),
  numSteps,
  numEpochs,
  metrics: {
    loss: step < 10 ? 0.4 * step + 0.2 : 6 - 2.2 * (1 - Math.exp(-step / 220)) + 0.2 * noise(step),
    chanceLoss: Math.log(1025),
    pretextAccuracy: Math.min(0.6, step / 900) + 0.04 * unit(step),
    featureStd: 0.08 - 0.03 * Math.exp(-step / 80),
    encoderDistance: 0.02 * Math.sin((Math.PI * step) / numSteps),
    gradientNorm: 1.2 + 0.3 * noise(step),
    dictionaryFill: Math.min(1, step / 8),
    learningRate: 0.06 * (1 + Math.cos((Math.PI * step) / numSteps)),
    imagesPerSecond: 300 + 20 * noise(step)
  },
  stepMs: 400,
  ...(Object.keys(metrics).length === 0 ? {} : { metrics })
})

const bell = (mean: number, width: number): Distribution => ({
  low: -1,
  high: 1,
  counts: Array.from({ length: 40 }, (_, i) =>
    Math.round(400 * Math.exp(-(((-1 + (i + 0.5) / 20 - mean) / width) ** 2)))
  )
})

const knn = (k: number) => ({
  evaluation: "knn",
  metric: `kNN accuracy (k = ${k})`,
  unit: "fraction",
  higherIsBetter: true,
  protocol: `the label with the most votes of the ${k} nearest training images`
})

const other = (metric: string, evaluation: string, unit = "", higherIsBetter: boolean | null = null) => ({
  evaluation,
  metric,
  unit,
  higherIsBetter,
  protocol: `how ${metric} is worked out`
})

/** What is measured of a subject whose accuracy is `accuracy`. */
export const measurementsOf = (
  subject: string,
  accuracy: number,
  separation: number
): ReadonlyArray<Measurement> => [
  ...[200, 20].map((k) =>
    measured(knn(k), subject, accuracy + 1 / (10 * k), {
      numImages: 2000,
      interval: { low: accuracy - 0.02, high: accuracy + 0.02 }
    })
  ),
  measured(other("linear probe accuracy", "probe", "fraction", true), subject, accuracy + 0.03),
  measured(other("uniformity", "geometry", "", false), subject, -3.1 * separation - 0.4),
  measured(other("alignment", "geometry", "", false), subject, 0.8 - 0.5 * separation),
  measured(other("RankMe", "geometry", "", true), subject, 40 + 50 * separation),
  measured(other("positive similarity", "pretext"), subject, 0.3 + 0.5 * separation, {
    distribution: bell(0.3 + 0.5 * separation, 0.15)
  }),
  measured(other("negative similarity", "pretext"), subject, 0.2 - 0.15 * separation, {
    distribution: bell(0.2 - 0.15 * separation, 0.25)
  })
]

const evaluation = (subject: string, epoch: number, accuracy: number, separation: number): RunEvent => ({
  event: "evaluation",
  step: epoch * stepsPerEpoch,
  epoch,
  measurements: measurementsOf(subject, accuracy, separation),
  seconds: 3
})

/** A run that learned, from its first step to its last. */
export const sampleEvents = (): ReadonlyArray<RunEvent> => [
  ...Array.from({ length: numSteps }, (_, step) => stepEvent(step)),
  evaluation("raw pixels", 0, 0.7715, 0.1),
  evaluation("untrained encoder", 0, 0.5665, 0.05),
  ...[2, 4, 6, 8, 10, 12].map((epoch) =>
    evaluation("trained encoder", epoch, 0.8 - 0.15 * Math.exp(-epoch / 4), 1 - Math.exp(-epoch / 4))
  ),
  {
    event: "finished",
    step: numSteps,
    epoch: numEpochs,
    outcome: "completed",
    trainingSeconds: 130,
    evaluationSeconds: 20
  }
]

const record = (event: RunEvent) =>
  JSON.stringify({ format: 2, time: "2026-01-01T00:00:00.000Z", ...event }, (_, value) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value
  )

export interface SampleRun {
  readonly config?: RunConfig
  readonly events?: ReadonlyArray<RunEvent>
  readonly classes?: ReadonlyArray<string>
  readonly isInspected?: boolean
}

/** A run folder as a run leaves it; returns `folder`. */
export const writeSampleRun = async (
  folder: string,
  { classes = fashion, config = sampleConfig(), events = sampleEvents(), isInspected = true }: SampleRun = {}
): Promise<string> => {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, "config.json"), JSON.stringify(config))
  writeFileSync(join(folder, "metrics.jsonl"), events.map((event) => `${record(event)}\n`).join(""))
  writeFileSync(join(folder, "environment.json"), JSON.stringify(environment))
  if (isInspected) await writeInspection(join(folder, "inspection"), classes)
  return folder
}

/** What the sample ran on. */
export const environment = {
  startedAt: "2026-01-01T00:00:00.000Z",
  version: "0.0.0",
  commit: { hash: "0123456789abcdef0123456789abcdef01234567", dirty: false },
  node: "v22.0.0",
  platform: "linux-x64",
  backend: { name: "tensorflow", version: "2.21.0", device: "cpu", nativeOps: "avx2" },
  threads: 2,
  cpu: { model: "a processor", cores: 2, features: ["avx", "avx2", "fma"] },
  variables: { TF_CPP_MIN_LOG_LEVEL: "2" }
}

const fashion = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot"
]

const side = 28
const numPoints = 800
const numFound = 6

/** Pictures that can be told apart: stripes whose slope and brightness depend on the index. */
const writeSprite = async (folder: string, file: string, count: number, columns: number): Promise<Sprite> => {
  const [width, height] = [columns * side, Math.ceil(count / columns) * side]
  const pixels = Uint8Array.from({ length: width * height }, (_, at) => {
    const [x, y] = [at % width, Math.floor(at / width)]
    const index = Math.floor(y / side) * columns + Math.floor(x / side)
    return (
      127 + 120 * Math.sin((x % side) * (0.1 + 0.05 * (index % 10)) + (y % side) * 0.2 * ((index % 7) - 3))
    )
  })
  const png = await sharp(pixels, { raw: { width, height, channels: 1 } })
    .png()
    .toBuffer()
  writeFileSync(join(folder, file), png)
  return { file, width: side, height: side, columns, count }
}

const writeInspection = async (folder: string, classes: ReadonlyArray<string>) => {
  mkdirSync(folder, { recursive: true })
  const numClasses = classes.length
  const points = Array.from({ length: numPoints }, (_, i) => {
    const label = i % numClasses
    const angle = (2 * Math.PI * label) / numClasses
    const at = (far: number, wide: number, salt: number) => far + wide * noise(i + salt)
    return {
      image: i,
      label,
      pca: [at(2 * Math.cos(angle), 1.4, 0), at(2 * Math.sin(angle), 1.2, 5000)] as const,
      umap: [at(9 * Math.cos(angle), 2, 9000), at(9 * Math.sin(angle), 2, 7000)] as const
    }
  })
  const queries = Array.from({ length: 16 }, (_, i) => ({
    image: i,
    label: i % numClasses,
    found: Array.from({ length: numFound }, (_, j) => ({
      image: 100 + i + j,
      label: (i + (j === 4 ? 1 : 0)) % numClasses,
      similarity: 0.97 - 0.03 * j
    }))
  }))
  const inspection: Inspection = {
    format: 1,
    subject: "trained encoder",
    layer: "backbone",
    step: numSteps,
    images: { name: "fashion-mnist-10k", part: "test", numImages: 2000 },
    classes,
    map: {
      points,
      explained: [0.31, 0.14],
      thumbnails: await writeSprite(folder, "thumbnails.png", 200, 20)
    },
    neighbours: {
      queries,
      pictures: await writeSprite(folder, "neighbours.png", 16 * (1 + numFound), 1 + numFound)
    },
    confusion: {
      protocol: "weighted kNN, k = 20",
      counts: classes.map((_, label) =>
        classes.map((_, said) => (label === said ? 150 : Math.round(12 * unit(31 * label + said))))
      )
    },
    pairs: await writeSprite(folder, "pairs.png", 32, 8),
    filters: await writeSprite(folder, "filters.png", 16, 8)
  }
  writeFileSync(join(folder, inspectionFile), JSON.stringify(inspection))
}
