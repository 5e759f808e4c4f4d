import { FileRefused } from "@moco/core/SafeFile"
import type { PlatformError } from "effect/PlatformError"

/** Why a file could not be read or written, and what its owner can do about it. */
export interface FileTrouble {
  readonly reason: string
  readonly hint: string
}

const bySystemCode: Readonly<Record<string, FileTrouble>> = {
  ENOSPC: { reason: "no space is left on the device", hint: "free some space, or choose a folder elsewhere" },
  EDQUOT: { reason: "the disk quota is used up", hint: "free some space, or choose a folder elsewhere" },
  EFBIG: { reason: "the file is too large", hint: "raise `ulimit -f`, or choose a folder elsewhere" },
  EROFS: { reason: "the file system is read-only", hint: "choose a folder that can be written to" },
  EACCES: { reason: "permission is denied", hint: "change its permissions, or choose another folder" },
  EPERM: { reason: "permission is denied", hint: "change its permissions, or choose another folder" },
  ENOENT: { reason: "it does not exist", hint: "check the path" },
  ENOTDIR: { reason: "a part of the path is a file and not a folder", hint: "choose another folder" },
  EEXIST: { reason: "a file is in the way", hint: "choose another folder" },
  EISDIR: { reason: "it is a folder and not a file", hint: "check the path" },
  ENAMETOOLONG: { reason: "its name is too long", hint: "choose a shorter name" },
  ELOOP: {
    reason: "it is a link",
    hint: "remove it, or choose another place: nothing is written through it"
  },
  EMFILE: { reason: "too many files are open", hint: "close some programs, or raise `ulimit -n`" },
  ENFILE: { reason: "too many files are open on this machine", hint: "close some programs" },
  EIO: {
    reason: "the device has failed to read or write",
    hint: "check the disk, or choose a folder elsewhere"
  },
  ESTALE: {
    reason: "it, or its folder, was removed, moved or replaced while it was in use",
    hint: "nothing is put in its place; where it was moved, go on there with its new path"
  }
}

const codeOf = (error: PlatformError): string => {
  const cause = "cause" in error.reason ? error.reason.cause : undefined
  return cause instanceof Error && "code" in cause ? String(cause.code) : ""
}

/** Whether the process, or the machine, has as many files open as it may. */
export const isOutOfDescriptors = (error: PlatformError): boolean =>
  ["EMFILE", "ENFILE"].includes(codeOf(error))

/** Says in plain words why a file operation failed. */
export const fileTrouble = (error: PlatformError): FileTrouble => {
  const cause = "cause" in error.reason ? error.reason.cause : undefined
  if (cause instanceof FileRefused) return { reason: cause.reason, hint: cause.hint }
  return bySystemCode[codeOf(error)] ?? { reason: error.message, hint: "check the path and its permissions" }
}

/** Why a file of a newer program is not read: it is whole, and none of it is to be removed. */
export const newerFormat = (format: number, known: number): FileTrouble => ({
  reason: `it has format ${format}, and this program reads up to ${known}`,
  hint: "go on with the program that has written it, or a newer one"
})
