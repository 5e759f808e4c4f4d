import { Schema } from "effect"

/** Why the set-up cannot go on: what is the matter, and what to do. */
const fields = { problem: Schema.String, hint: Schema.String }

const say = ({ hint, problem }: { readonly problem: string; readonly hint: string }) =>
  `${problem}\n  ${hint}`

/** There is no libtensorflow for this system. */
export class PlatformUnsupported extends Schema.TaggedError<PlatformUnsupported>()(
  "PlatformUnsupported",
  fields
) {
  override get message() {
    return say(this)
  }
}

/** A program that the set-up needs is not installed: Python, pip or a C++ compiler. */
export class ToolMissing extends Schema.TaggedError<ToolMissing>()("ToolMissing", fields) {
  override get message() {
    return say(this)
  }
}

/** Not enough room for the library. */
export class DiskFull extends Schema.TaggedError<DiskFull>()("DiskFull", fields) {
  override get message() {
    return say(this)
  }
}

/** pip could not get the wheel: no network, or no such file on the index. */
export class DownloadFailed extends Schema.TaggedError<DownloadFailed>()("DownloadFailed", fields) {
  override get message() {
    return say(this)
  }
}

/** The wheel that came is not the pinned one. */
export class HashMismatch extends Schema.TaggedError<HashMismatch>()("HashMismatch", fields) {
  override get message() {
    return say(this)
  }
}

/** The wheel could not be unpacked, or holds something else than expected. */
export class UnpackFailed extends Schema.TaggedError<UnpackFailed>()("UnpackFailed", fields) {
  override get message() {
    return say(this)
  }
}

/** The compiler refused the binding. */
export class CompileFailed extends Schema.TaggedError<CompileFailed>()("CompileFailed", fields) {
  override get message() {
    return say(this)
  }
}

/** A file or folder of the cache or of the package cannot be read or written. */
export class FileTrouble extends Schema.TaggedError<FileTrouble>()("FileTrouble", fields) {
  override get message() {
    return say(this)
  }
}

/** There is no place for the cache, or somebody else can write to it: nothing of it may be run. */
export class CacheUnsafe extends Schema.TaggedError<CacheUnsafe>()("CacheUnsafe", fields) {
  override get message() {
    return say(this)
  }
}

/** The command line holds something else than the flags there are. */
export class FlagUnknown extends Schema.TaggedError<FlagUnknown>()("FlagUnknown", fields) {
  override get message() {
    return say(this)
  }
}

export type SetUpError =
  | PlatformUnsupported
  | ToolMissing
  | DiskFull
  | DownloadFailed
  | HashMismatch
  | UnpackFailed
  | CompileFailed
  | FileTrouble
  | CacheUnsafe
  | FlagUnknown
