import { Option, Schema } from "effect"
import { knnAccuracy } from "../Evaluation/Knn.ts"
import { type Measurement, measured } from "../Measurement.ts"
import * as subjects from "../subjects.ts"

/** What format 1 of run logs and study records called a subject. */
const names = {
  encoder: subjects.trainedEncoder,
  untrainedEncoder: subjects.untrainedEncoder,
  rawPixels: subjects.rawPixels
}

const Subject = Schema.Literals(["encoder", "untrainedEncoder", "rawPixels"])
/** By number of neighbours. An accuracy that is not finite is a word in JSON, and stays one. */
const Accuracies = Schema.Array(Schema.Struct({ k: Schema.Int, accuracy: Schema.Unknown }))

const decode = Schema.decodeUnknownOption(Schema.Struct({ subject: Subject, accuracies: Accuracies }))

/**
 * The measurements that a subject's kNN accuracies are, from JSON of format 1 to JSON of format 2; nothing where they are
 * no such thing.
 *
 * @param temperature  of the votes; absent where it is not known, for it stood in the run's config alone
 */
export const measurementsOfFormat1 = (
  subject: unknown,
  accuracies: unknown,
  temperature?: number
): ReadonlyArray<Measurement> | undefined => {
  const found = Option.getOrUndefined(decode({ subject, accuracies }))
  return found?.accuracies.map(({ accuracy, k }) =>
    measured(knnAccuracy(k, temperature), names[found.subject], accuracy as number)
  )
}
