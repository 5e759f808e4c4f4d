import type { Effect, FileSystem, Path, Scope } from "effect"
import type { DatasetMissing } from "../Dataset/errors.ts"
import type { ChannelStatistics } from "../Dataset/statistics.ts"
import type { Digest } from "../Digest.ts"
import type { IdxMalformed } from "../Idx.ts"
import type { ImageReadError, ImageSize, ImageSource, Provenance } from "../ImageSource.ts"
import type { KnownFile } from "../KnownFile.ts"
import type { Archive } from "../Parts/TarGz.ts"
import type { Found, Whereabouts } from "../PublishedFile.ts"

/** What an encoder is evaluated on: the test images, or, while choosing settings, images held back from training. */
export const evaluationSplits = ["test", "validation"] as const
export type EvaluationSplit = (typeof evaluationSplits)[number]

/** Numbers of images; each data set has some to evaluate on. */
export interface SplitSizes {
  readonly train: number
  readonly evaluation: number
  /** Images that are not trained on, whose labels an evaluation is given; left out where these are the training images. */
  readonly bank?: number
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
  /** Every file in which something of it may lie, in all the forms that are read. */
  readonly files: ReadonlyArray<KnownFile>
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

/** A data set that is not part of this package. */
export interface Fetchable extends CatalogEntry {
  readonly place: Installed
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
  /** Of Debian and its relatives, where there is one. */
  readonly systemPackage?: string
  /** The files as they are published, which are put into the folder. */
  readonly downloads: ReadonlyArray<Download>
  /** What is taken out of a published archive, where that cannot be read as it is. */
  readonly unpacked?: Unpacked
  /** The command that installs them, and further ways, one a line. */
  readonly fix: ReadonlyArray<string>
}

/** A file that is published on the network. */
export interface Download {
  /** Which it has in the data set's folder. */
  readonly name: string
  readonly numBytes: number
  readonly digest: Digest
  /** In the order in which they are tried. All give the same bytes, by the digest. */
  readonly addresses: readonly [string, ...ReadonlyArray<string>]
}

/** Files that are taken out of an archive. */
export interface Unpacked {
  /** The archive's name, one of the downloads. */
  readonly archive: string
  readonly from: Archive
  /** Names of parts of the archive. They lie in its folder, below that of the data set. */
  readonly parts: ReadonlyArray<string>
}

/** What a data set is made of. */
export interface Sources {
  readonly train: ImageSource
  /** See `Dataset`. */
  readonly bank?: ImageSource
  readonly test: ImageSource | undefined
  /** Of `train`, where they are published; else they are computed in a pass over it. */
  readonly statistics?: ChannelStatistics
}

/** What opening a data set may fail with. */
export type CatalogError = DatasetMissing | IdxMalformed | ImageReadError
