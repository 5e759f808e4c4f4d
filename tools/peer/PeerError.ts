import { Schema } from "effect"

/** Why there is nothing to compare: what is the matter, and what to do. */
const fields = { problem: Schema.String, hint: Schema.String }

const say = ({ hint, problem }: { readonly problem: string; readonly hint: string }) =>
  `${problem}\n  ${hint}`

/** There is no Python that PyTorch could be installed for. */
export class PythonMissing extends Schema.TaggedError<PythonMissing>()("PythonMissing", fields) {
  override get message() {
    return say(this)
  }
}

/** Python cannot make a virtual environment. */
export class VenvFailed extends Schema.TaggedError<VenvFailed>()("VenvFailed", fields) {
  override get message() {
    return say(this)
  }
}

/** pip could not install PyTorch. */
export class InstallFailed extends Schema.TaggedError<InstallFailed>()("InstallFailed", fields) {
  override get message() {
    return say(this)
  }
}

/** The Python that was chosen has no PyTorch that can be loaded. */
export class TorchUnusable extends Schema.TaggedError<TorchUnusable>()("TorchUnusable", fields) {
  override get message() {
    return say(this)
  }
}

/** The cache, or the file for the results, cannot be read or written. */
export class PeerFileTrouble extends Schema.TaggedError<PeerFileTrouble>()("PeerFileTrouble", fields) {
  override get message() {
    return say(this)
  }
}

/** The flags do not go together, or name what there is not. */
export class FlagsUnusable extends Schema.TaggedError<FlagsUnusable>()("FlagsUnusable", fields) {
  override get message() {
    return say(this)
  }
}

export type PeerError =
  | PythonMissing
  | VenvFailed
  | InstallFailed
  | TorchUnusable
  | PeerFileTrouble
  | FlagsUnusable

/** A block has given no figures. It is told as such in the table; the others go on. */
export class BlockFailed extends Schema.TaggedError<BlockFailed>()("BlockFailed", {
  reason: Schema.String
}) {
  override get message() {
    return this.reason
  }
}
