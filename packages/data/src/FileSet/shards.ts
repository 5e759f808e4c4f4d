import type { FileKind } from "./kinds.ts"

/** A file that holds many images. */
export interface Shard {
  /** Below the collection, with `/` between folders. */
  readonly name: string
  readonly path: string
  readonly numBytes: number
}

/** Files of many images, all of one kind, in the order of their names. */
export interface Collection {
  /** For people. */
  readonly name: string
  /** What was named: a file, a folder, or a range. */
  readonly path: string
  readonly kind: FileKind
  /** At least one. */
  readonly shards: ReadonlyArray<Shard>
  readonly notes: ReadonlyArray<string>
}
