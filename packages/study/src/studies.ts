import type { StudyDefinition } from "./Study.ts"
import { dictionary } from "./studies/dictionary.ts"
import { momentum } from "./studies/momentum.ts"
import { queueSize } from "./studies/queueSize.ts"
import { shuffle } from "./studies/shuffle.ts"
import { smoke } from "./studies/smoke.ts"
import { temperature } from "./studies/temperature.ts"

/** Every study that comes with the program, by its name. */
export const studies: Readonly<Record<string, () => StudyDefinition>> = {
  momentum,
  "queue-size": queueSize,
  dictionary,
  temperature,
  shuffle,
  smoke
}
