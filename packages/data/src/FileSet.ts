import type { Effect } from "effect"
import type { ImageUndecodable } from "./Decode/errors.ts"
import type { Told } from "./FileSet/told.ts"
import type { Image, ImageSize } from "./ImageSource.ts"

/** Images in files, in whatever they are kept: their names, and what each is decoded into. */
export interface FileSet {
  /** Of the collection, for people. */
  readonly name: string
  /** Where it was found. */
  readonly path: string
  /**
   * Below the collection, with `/` between folders; each once, and always in the same order. Of an image in a file of
   * many: the file's name and its own.
   */
  readonly names: ReadonlyArray<string>
  /** The image of `names[index]`. A file that is none fails in every reading. */
  readonly decode: (index: number) => Effect.Effect<Image, ImageUndecodable>
  /** Parts and classes, where the collection tells them itself; else its folders do. */
  readonly told?: Told
  /** Its images lie there as pixels: they are read, and not decoded. */
  readonly isRaw?: true
  /** Of the images of arrays, which are no photographs; files are decoded into red, green and blue, of any size. */
  readonly form?: ImageSize & { readonly channels: number }
  /** What is known of the content, by what it is of: another one is another data set. */
  readonly sha256?: Readonly<Record<string, string>>
  /** What was left out, and what was chosen where there was a choice: a sentence each, for people. */
  readonly notes?: ReadonlyArray<string>
}
