import type { Effect } from "effect"
import type { ImageUndecodable } from "./Decode/errors.ts"
import type { Image } from "./ImageSource.ts"

/** Image files, in whatever they are kept: their names, and what each is decoded into. */
export interface FileSet {
  /** Of the collection, for people. */
  readonly name: string
  /** Where it was found. */
  readonly path: string
  /** Below the collection, with `/` between folders; in the order of their characters. */
  readonly names: ReadonlyArray<string>
  /** The image of `names[index]`. A file that is none fails in every reading. */
  readonly decode: (index: number) => Effect.Effect<Image, ImageUndecodable>
}
