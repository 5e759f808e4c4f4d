import { Schema } from "effect"

/** Words of {@link FolderLocked}'s message, by which it is known in what a process has said. */
export const worksInThisFolder = "works in this folder"

/** Another process works in the folder; `owner` says which, as far as it can be told. */
export class FolderLocked extends Schema.TaggedError<FolderLocked>()("FolderLocked", {
  path: Schema.String,
  owner: Schema.String
}) {
  override get message() {
    return `${this.path} says that ${this.owner} ${worksInThisFolder}\n  wait until it has ended, or choose another folder with --out`
  }
}

/** The lock cannot be taken; `reason` and `hint` are in plain words. */
export class FolderLockFailed extends Schema.TaggedError<FolderLockFailed>()("FolderLockFailed", {
  path: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `${this.path} cannot be written: ${this.reason}\n  ${this.hint}`
  }
}
