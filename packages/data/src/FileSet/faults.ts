import { line } from "@moco/core/Escape"
import { DatasetInvalid, DatasetUnreadable } from "../Dataset/errors.ts"

/** Characters that are shown of what stands in a file. */
const maxShown = 80

/** Words from a file, as they can stand in a message. */
export const shown = (words: string): string =>
  line(words.length > maxShown ? `${words.slice(0, maxShown)}...` : words)

/** A file of images that is not what it should be; `field` is the part that is wrong, `value` what it is. */
export const malformed = (file: string, field: string, value: string, problem: string, hint: string) =>
  new DatasetInvalid({ dataset: file, field, value: shown(value), problem, hint })

/** A file that is what it should be, and of something else than images. */
export const noImages = (file: string, field: string, value: string, problem: string, hint: string) =>
  new DatasetInvalid({ dataset: file, field, value: shown(value), problem, hint, holdsNoImages: true })

/** A file that the system does not let us read. */
export const unreadableFile = (file: string) => (cause: unknown) =>
  new DatasetUnreadable({ file, hint: "check the name that --data gives, and its permissions", cause })
