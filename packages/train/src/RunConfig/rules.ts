import { batchNormGroupsOf } from "@moco/core/Encoder/kinds"
import { groupsProblem } from "@moco/core/Encoder/ResNetNeeds"
import { cropProblem } from "@moco/data/Augmentation/Crop"
import { fileImages } from "@moco/data/DataSettings"
import { most } from "./bounds.ts"
import { evaluationProblems } from "./evaluationRules.ts"
import { valueAt } from "./fields.ts"
import { excessOf, footprint } from "./footprint.ts"
import { imagesOf, numBank, numTraining, ownSize } from "./images.ts"
import { type Problem, renderValue } from "./Problem.ts"
import type { RunConfig } from "./schema.ts"

interface Verdict {
  readonly problem: string
  readonly hint: string
}

/** A rule between fields. It is asked only when the Schema found nothing wrong with what it `reads`. */
interface Rule {
  /** The path that is reported. */
  readonly at: string
  readonly reads: ReadonlyArray<string>
  readonly check: (config: RunConfig) => Verdict | undefined
}

const rules: ReadonlyArray<Rule> = [
  {
    at: "data.files",
    reads: ["data.name", "data.files"],
    check: ({ data: { files, name } }) => {
      if ((files !== undefined) === (name === fileImages)) return undefined
      return files === undefined
        ? { problem: `must be given where data.name is ${fileImages}`, hint: "name a folder: --data=DIR" }
        : {
            problem: `is of no use where data.name is ${name}`,
            hint: `set data.name to ${fileImages}, or leave it out`
          }
    }
  },
  {
    at: "training.batchSize",
    reads: ["training.batchSize", "data.name", "data.evaluationSplit"],
    check: (config) => {
      const images = numTraining(config)
      if (images === undefined || config.training.batchSize <= images) return undefined
      const problem = `must be at most ${images}, the number of training images of ${config.data.name}`
      return { problem, hint: "choose a smaller batch or a larger data set" }
    }
  },
  {
    at: "encoder.batchNormGroups",
    reads: ["encoder.batchNormGroups", "training.batchSize", "data.name", "data.evaluationSplit"],
    check: (config) => {
      const batchNormGroups = batchNormGroupsOf(config.encoder)
      const { batchSize } = config.training
      // Refused above; the search for divisors of a number without bound has no end.
      if (batchSize > (numTraining(config) ?? most.batchSize)) return undefined
      if (batchSize % batchNormGroups !== 0) {
        const problem = `must divide training.batchSize (${batchSize})`
        return { problem, hint: `near it: ${nearestDivisors(batchSize, batchNormGroups).join(" or ")}` }
      }
      if (batchSize / batchNormGroups >= 2) return undefined
      const problem = `leaves 1 image to a group of training.batchSize (${batchSize}), whose variance is 0`
      return { problem, hint: "leave at least 2 images to a group" }
    }
  },
  ...(["groups", "groupWidth"] as const).map(
    (field): Rule => ({
      at: `encoder.${field}`,
      reads: ["encoder.block", "encoder.width", "encoder.groups", "encoder.groupWidth"],
      check: ({ encoder }) => {
        const found = groupsProblem(encoder)
        return found?.field === field ? found : undefined
      }
    })
  ),
  {
    at: "keyShuffle.kind",
    reads: ["keyShuffle.kind", "encoder.batchNormGroups"],
    check: ({ encoder, keyShuffle: { kind } }) => {
      const batchNormGroups = batchNormGroupsOf(encoder)
      if (kind !== "plain" || batchNormGroups === 1) return undefined
      const problem = `means ordinary batch norm, and encoder.batchNormGroups is ${batchNormGroups}`
      return { problem, hint: "set encoder.batchNormGroups to 1, or keyShuffle.kind to none" }
    }
  },
  {
    at: "loss.kind",
    reads: ["loss.kind", "dictionary.kind"],
    check: ({ dictionary: { kind }, loss }) => {
      if (loss.kind !== "nce" || kind === "memoryBank") return undefined
      const problem = `needs negatives drawn from all images, and dictionary.kind is ${kind}`
      return { problem, hint: "set dictionary.kind to memoryBank, or loss.kind to infoNce" }
    }
  },
  {
    at: "training.batchSize",
    reads: ["training.batchSize", "dictionary.kind"],
    check: ({ dictionary: { kind }, training: { batchSize } }) => {
      if (kind !== "endToEnd" || batchSize > 1) return undefined
      const problem = "leaves no negative: with dictionary.kind endToEnd they are the batch's other keys"
      return { problem, hint: "set it to 2 or more" }
    }
  },
  {
    at: "optimizer.schedule.milestones",
    reads: ["optimizer.schedule.kind", "optimizer.schedule.milestones", "training.epochs"],
    check: ({ optimizer: { schedule }, training: { epochs } }) => {
      const late = schedule.kind === "step" ? schedule.milestones.filter((epoch) => epoch >= epochs) : []
      if (late.length === 0) return undefined
      const problem = `${late.join(" and ")} must come before training.epochs (${epochs})`
      return { problem, hint: "move the milestones, or train for more epochs" }
    }
  },
  {
    at: "training.epochs",
    reads: ["training.epochs", "training.batchSize", "data.name", "data.evaluationSplit"],
    check: (config) => {
      const perEpoch = Math.floor((numTraining(config) ?? 0) / config.training.batchSize)
      const steps = config.training.epochs * perEpoch
      if (steps <= most.steps) return undefined
      const problem = `makes ${steps.toLocaleString("en")} steps, and ${most.steps.toLocaleString("en")} are the most`
      return { problem, hint: "train for fewer epochs, or with a larger batch" }
    }
  },
  {
    at: "augmentation.cropScale",
    reads: [
      "augmentation.cropScale.min",
      "augmentation.cropScale.max",
      "augmentation.cropRatio.min",
      "augmentation.cropRatio.max",
      "data.name"
    ],
    check: ({ augmentation: { cropRatio, cropScale }, data }) => {
      const size = ownSize({ data })
      return size && cropProblem(cropScale, cropRatio, size.height, size.width)
    }
  }
]

/**
 * Problems between fields.
 *
 * @param input  the config as it was given; what a rule reads has passed the Schema
 * @param found  what the Schema found
 * @param memory  bytes that there are
 */
export const ruleProblems = (
  input: unknown,
  found: ReadonlyArray<Problem>,
  memory: number
): ReadonlyArray<Problem> => {
  const broken = [...brokenRules(input, found), ...unmetNeeds(input, found)]
  // A size that is wrong already would be told of twice.
  return found.length + broken.length > 0 ? broken : oversize(input as RunConfig, memory)
}

const oversize = (config: RunConfig, memory: number): ReadonlyArray<Problem> => {
  const excess = excessOf(footprint(config, imagesOf(config)), memory, config)
  return excess === undefined
    ? []
    : [{ ...excess, value: renderValue(valueAt(config, excess.path.split("."))) }]
}

/** What the evaluations need of the images, where the Schema found nothing wrong with either. */
const unmetNeeds = (input: unknown, found: ReadonlyArray<Problem>): ReadonlyArray<Problem> => {
  const isUnsound = found.some(({ path }) => ["evaluations", "data"].some((read) => touches(path, read)))
  if (isUnsound) return []
  const config = input as RunConfig
  return evaluationProblems(config.evaluations, numBank(config) ?? Number.POSITIVE_INFINITY)
}

const brokenRules = (input: unknown, found: ReadonlyArray<Problem>): ReadonlyArray<Problem> =>
  rules.flatMap(({ at, check, reads }) => {
    const isUnsound = found.some(({ path }) => reads.some((read) => touches(path, read)))
    const verdict = isUnsound ? undefined : check(input as RunConfig)
    return verdict ? [{ path: at, value: renderValue(valueAt(input, at.split("."))), ...verdict }] : []
  })

/** Whether a problem at `path` is about `read`, a part of it, or what it is a part of. */
const touches = (path: string, read: string): boolean => {
  const [short, long] = path.length < read.length ? [path, read] : [read, path]
  return short === "" || long === short || long.startsWith(`${short}.`) || long.startsWith(`${short}[`)
}

const nearestDivisors = (whole: number, wanted: number): ReadonlyArray<number> => {
  const divisors = Array.from({ length: Math.floor(whole / 2) }, (_, i) => i + 1).filter(
    (d) => whole % d === 0
  )
  const below = divisors.filter((divisor) => divisor < wanted).at(-1)
  const above = divisors.find((divisor) => divisor > wanted)
  return [below, above].filter((divisor) => divisor !== undefined)
}
