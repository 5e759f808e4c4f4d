import type { Duration, Effect } from "effect"
import type { KnownBy } from "../KnownFile.ts"

/** What happens while a data set is fetched. What comes from servers is escaped in it. */
export type FetchEvent =
  /** Something is to be fetched: these files are missing or damaged. */
  | { readonly kind: "wanted"; readonly files: ReadonlyArray<string> }
  /** The file comes from an address or a path; the first `done` of its bytes are there. */
  | {
      readonly kind: "begun"
      readonly file: string
      readonly address: string
      readonly done: number
      readonly total: number
    }
  /** More of the file is there. */
  | { readonly kind: "received"; readonly file: string; readonly done: number; readonly total: number }
  /** The file is there, and is read once more to see whether it is the published one. */
  | { readonly kind: "checked"; readonly file: string; readonly done: number; readonly total: number }
  /** An address is asked again in a while. */
  | {
      readonly kind: "again"
      readonly file: string
      readonly problem: string
      readonly wait: Duration.Duration
    }
  /** What there was of the file cannot be used. */
  | { readonly kind: "anew"; readonly file: string; readonly problem: string }
  /** The address before this one does not give the file. */
  | { readonly kind: "elsewhere"; readonly file: string; readonly problem: string; readonly address: string }
  /** The file has its name now. */
  | {
      readonly kind: "kept"
      readonly file: string
      readonly path: string
      readonly numBytes: number
      readonly knownBy: KnownBy
    }

/** Is told what happens. */
export type Observe = (event: FetchEvent) => Effect.Effect<void>
