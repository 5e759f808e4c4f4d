import type { KeptEvaluation } from "@moco/train/RunFolder/evaluated"

/** Which encoder was evaluated, and of which images: `the last state, after 80 steps, weights 0123456789ab, images ...`. */
export const evaluatedOf = ({ images, step, weights, which }: KeptEvaluation): string =>
  [
    `the ${which} state${step === undefined ? "" : `, after ${step} steps`}`,
    `weights ${short(weights)}`,
    `images ${images.name} ${short(images.sha256)}`
  ].join(", ")

const short = (hash: string): string => hash.slice(0, 12)
