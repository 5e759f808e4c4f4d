import type { Effect, FileSystem, Path, Scope } from "effect"
import type { DatasetMissing } from "../Dataset/errors.ts"
import type { ChannelStatistics } from "../Dataset/statistics.ts"
import type { IdxMalformed } from "../Idx.ts"
import type { ImageReadError, ImageSize, ImageSource, Provenance } from "../ImageSource.ts"
import type { Found, Whereabouts } from "../PublishedFile.ts"

/** What an encoder is evaluated on: the test images, or, while choosing settings, images held back from training. */
export const evaluationSplits = ["test", "validation"] as const
export type EvaluationSplit = (typeof evaluationSplits)[number]

/** Numbers of images; `evaluation` is 0 where none are for that. */
export interface SplitSizes {
  readonly train: number
  readonly evaluation: number
}

/** A data set that can be named in a config. All of it is known without reading a file of it. */
export interface CatalogEntry {
  readonly name: string
  /** A few words for help and settings. */
  readonly description: string
  readonly numImages: Readonly<Record<EvaluationSplit, SplitSizes>>
  /** Of every image; undefined where they are of different sizes. */
  readonly size: ImageSize | undefined
  readonly channels: number
  /** None where the images have no labels. */
  readonly classes: ReadonlyArray<string> | undefined
  readonly origin: Pick<Provenance, "from" | "licence">
  readonly place: Embedded | Installed
  /** Says for each file which path would be read. It is not looked at here whether its bytes are right. */
  readonly find: (
    searchDirs: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<Found>, never, FileSystem.FileSystem | Path.Path>
  /** Reads what has to be read before images can be asked for by index; files that are read then stay open in the Scope. */
  readonly sources: (
    split: EvaluationSplit,
    whereabouts: Whereabouts
  ) => Effect.Effect<Sources, CatalogError, FileSystem.FileSystem | Path.Path | Scope.Scope>
}

/** Images that come with this package. */
export interface Embedded {
  readonly kind: "embedded"
  /** Below the package's `assets`. */
  readonly folder: string
  /** The command that brings them back, and further ways, one a line. */
  readonly fix: ReadonlyArray<string>
}

/** Images that somebody has to install. */
export interface Installed {
  readonly kind: "installed"
  /** The folder's name below the cache's `data`, and below a folder that the user names. */
  readonly folder: string
  /** Where the system's packages put the files. */
  readonly systemDirs: ReadonlyArray<string>
  /** The command that installs them, and further ways, one a line. */
  readonly fix: ReadonlyArray<string>
}

/** What a data set is made of. */
export interface Sources {
  readonly train: ImageSource
  readonly test: ImageSource | undefined
  /** Of `train`, where they are published; else they are computed in a pass over it. */
  readonly statistics?: ChannelStatistics
}

/** What opening a data set may fail with. */
export type CatalogError = DatasetMissing | IdxMalformed | ImageReadError
