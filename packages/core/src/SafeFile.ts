/**
 * The one way in which files are read and written.
 *
 * Only regular files of a sane size are read, and no file is opened before that is known. Nothing is written through a
 * link, and nothing into a file that has other names: a file is made under a name of its own and then renamed, or, where
 * it grows, copied first. A test looks for every other call that would read or write.
 *
 * Programs that have loaded nothing yet use `@moco/native/PlainFile`, which does the same with Node's own functions.
 */
export { FileRefused, refuse } from "./SafeFile/FileRefused.ts"
export { makeFolder, makeFolders } from "./SafeFile/folders.ts"
export {
  openToRead,
  type ReadLimit,
  readBytes,
  readRange,
  readTail,
  readText,
  sizeOf
} from "./SafeFile/reading.ts"
export {
  create,
  cut,
  hasOtherNames,
  lstat,
  openToAppend,
  removeDrafts,
  replace,
  replaceBy,
  replaceText,
  requireReplaceable,
  scratch,
  syncFolder
} from "./SafeFile/writing.ts"
