import { measurementsOfFormat1 } from "@moco/evaluation/Measurement/format1"
import { isSection } from "../RunConfig/overrides.ts"
import { formatVersion } from "./RunEvent.ts"

/**
 * A line of format 1, which did not name its format, as a line of today's, both as JSON; what is no such line is given
 * back and refused by whoever decodes it.
 *
 * There every number of a step was a key of its own, and an evaluation was of kNN alone.
 */
export const upgradeLine = (line: unknown): unknown => {
  if (!isSection(line) || Object.hasOwn(line, "format")) return line
  return { format: formatVersion, ...upgradeEvent(line) }
}

const upgradeEvent = (line: Readonly<Record<PropertyKey, unknown>>): object => {
  switch (line["event"]) {
    case "step": {
      const { epoch, event, lossState, numEpochs, numSteps, queueFill, step, stepMs, time, ...metrics } = line
      const renamed = queueFill === undefined ? {} : { dictionaryFill: queueFill }
      // Where there was none, it was null.
      const state = lossState === undefined || lossState === null ? {} : { lossState }
      const numbers = Object.entries({ ...metrics, ...renamed }).filter(([, value]) => value !== null)
      return {
        ...{ time, event, step, epoch, numSteps, numEpochs, stepMs },
        ...state,
        metrics: Object.fromEntries(numbers)
      }
    }
    case "evaluation": {
      const { neighbours, subject, ...rest } = line
      const measurements = measurementsOfFormat1(subject, neighbours)
      return measurements === undefined ? line : { ...rest, measurements }
    }
    default:
      return line
  }
}
