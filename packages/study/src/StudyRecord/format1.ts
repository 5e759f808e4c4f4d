import { measurementsOfFormat1 } from "@moco/evaluation/Measurement/format1"
import { isSection } from "@moco/train/RunConfig/overrides"
import { finalMeasurements } from "../TrialExecutor/epochs.ts"
import { formatVersion } from "../TrialRecord.ts"

/**
 * A line of format 1, which did not name its format, as a line of today's, both as JSON; what is no such line is given
 * back and refused by whoever decodes it.
 *
 * There an epoch had its loss and its pretext accuracy, and a completed trial its kNN accuracies by subject.
 */
export const upgradeTrial = (line: unknown): unknown => {
  if (!isSection(line) || Object.hasOwn(line, "format")) return line
  const { chanceLoss, epochs, evaluations, ...rest } = line
  const upgraded = Array.isArray(epochs) ? epochs.map(upgradeEpoch) : epochs
  const common = { format: formatVersion, ...rest, epochs: upgraded }
  if (rest["outcome"] !== "completed" || !isSection(evaluations)) return common
  const found = ["rawPixels", "untrainedEncoder", "encoder"].map((subject) =>
    measurementsOfFormat1(subject, evaluations[subject])
  )
  if (found.includes(undefined)) return { ...common, measurements: evaluations }
  const last = Array.isArray(upgraded) ? upgraded.at(-1) : undefined
  return {
    ...common,
    measurements: [...found.flat(), ...finalMeasurements(last)],
    levels: { chanceLoss }
  }
}

const upgradeEpoch = (epoch: unknown): unknown => {
  if (!isSection(epoch)) return epoch
  const { epoch: number, ...metrics } = epoch
  return { epoch: number, metrics }
}
