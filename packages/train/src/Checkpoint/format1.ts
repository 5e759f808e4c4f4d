import { measurementsOfFormat1 } from "@moco/evaluation/Measurement/format1"
import { valueAt } from "../RunConfig/fields.ts"
import { isSection } from "../RunConfig/overrides.ts"
import { upgradeLine } from "../RunLog/format1.ts"

/** The only evaluation that there was. */
const evaluation = "knn"

type Section = Readonly<Record<PropertyKey, unknown>>

/**
 * A manifest of format 1 as one of format 2, both as JSON, but for its config; what is no such manifest is given back and
 * refused by whoever decodes it. There accuracies by number of neighbours stood under each subject.
 */
export const upgradeManifest = (manifest: unknown): unknown => {
  if (!isSection(manifest) || manifest["format"] !== 1) return manifest
  return {
    ...manifest,
    format: 2,
    progress: upgradeProgress(manifest["progress"], temperatureOf(manifest["config"]))
  }
}

const temperatureOf = (config: unknown): number | undefined => {
  const found = valueAt(config, ["evaluation", "temperature"])
  return typeof found === "number" ? found : undefined
}

const upgradeProgress = (progress: unknown, temperature: number | undefined): unknown => {
  if (!isSection(progress) || !isSection(progress["evaluations"])) return progress
  const { best, evaluatedAt, evaluations, unlogged, ...rest } = progress
  const measurements = ["rawPixels", "untrainedEncoder", "encoder"].flatMap((subject) =>
    evaluations[subject] === undefined
      ? []
      : (measurementsOfFormat1(subject, evaluations[subject], temperature) ?? evaluations)
  )
  return {
    ...rest,
    measurements,
    evaluatedAt: evaluatedAt === 0 ? {} : { [evaluation]: evaluatedAt },
    ...(isSection(best) ? { best: upgradeBest(best, evaluations) } : {}),
    ...(unlogged === undefined ? {} : { unlogged: upgradeEvent(unlogged) })
  }
}

/** It was the best by the first number of neighbours. */
const upgradeBest = ({ accuracy, step }: Section, { encoder }: Section): unknown => {
  const [first] = measurementsOfFormat1("encoder", encoder) ?? []
  return { step, evaluation, metric: first?.metric, value: accuracy }
}

/** Without what only a line of the log has. */
const upgradeEvent = (event: unknown): unknown => {
  const line = upgradeLine(event)
  if (!isSection(line)) return line
  const { format: _, time: __, ...rest } = line
  return rest
}
