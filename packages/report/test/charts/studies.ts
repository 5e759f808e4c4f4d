import { knnAccuracy } from "@moco/evaluation/Evaluation/Knn"
import { measured } from "@moco/evaluation/Measurement"
import { rawPixels, untrainedEncoder } from "@moco/evaluation/subjects"
import type { CellReport, ChartData, Settings } from "@moco/study/Report"
import { estimate } from "@moco/study/statistics"

const deviations = [-0.006, -0.002, 0, 0.003, 0.005]

/** A cell around `mean`; without one, a cell whose every seed has failed. */
export const cell = (
  settings: Settings,
  mean?: number,
  numSeeds = 5,
  chanceLoss = Math.log(1025)
): CellReport => {
  const values =
    mean === undefined
      ? []
      : deviations.slice(0, numSeeds).map((deviation, i) => ({ seed: i + 1, value: mean + deviation }))
  const epochs = values.length === 0 ? [] : [1, 2, 3, 4]
  return {
    settings,
    values,
    estimate: estimate(values.map(({ value }) => value)),
    numSteps: 100,
    failures: mean === undefined ? [{ seed: 1, reason: "the loss is not finite" }] : [],
    curve: epochs.map((epoch) => ({
      epoch,
      metrics: { loss: chanceLoss / Math.sqrt(epoch), pretextAccuracy: 0.2 * epoch }
    })),
    levels: values.length === 0 ? {} : { chanceLoss }
  }
}

const metric = knnAccuracy(200, 0.1)

export const study = (chart: ChartData["chart"], cells: ReadonlyArray<CellReport>): ChartData => ({
  study: "a study",
  chart,
  cells,
  metric,
  baselines: [measured(metric, rawPixels, 0.76), measured(metric, untrainedEncoder, 0.3)]
})

export const sizes = [128, 512, 1024, 4096]
export const dictionary = study(
  { x: "K", series: "mechanism", logarithmic: true },
  ["queue", "memory bank", "end-to-end"].flatMap((mechanism, i) =>
    sizes
      .slice(0, mechanism === "end-to-end" ? 3 : 4)
      .map((K, j) => cell({ mechanism, K }, 0.7 + 0.02 * j - 0.03 * i, 5, Math.log(K + 1)))
  )
)
export const momentum = study({ x: "m" }, [
  cell({ m: 0 }),
  ...[0.9, 0.99, 0.999, 0.9999].map((m, i) => cell({ m }, 0.6 + 0.04 * i))
])
export const single = study({ x: "m" }, [cell({ m: 0.999 }, 0.71, 1)])
export const failed = study({ x: "m", series: "kind" }, [
  cell({ m: 0, kind: "a" }),
  cell({ m: 1, kind: "b" })
])
const long = study(
  { x: "batch norm", series: "encoder" },
  ["split <over> the batch & shuffled", "hyperparametrisationlessness"].flatMap((norm, i) =>
    ["a residual network of eighteen layers", '"tiny"'].map((encoder) =>
      cell({ "batch norm": norm, encoder }, 0.6 + 0.05 * i)
    )
  )
)
export const studies = { dictionary, momentum, single, failed, long }
