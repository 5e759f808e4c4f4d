import { PlatformError, SystemError } from "effect/PlatformError"

/** Why a file is neither read nor written although the system would allow it: the cause of a `PlatformError`. */
export class FileRefused extends Error {
  readonly reason: string
  readonly hint: string

  constructor(reason: string, hint: string) {
    super(reason)
    this.reason = reason
    this.hint = hint
  }
}

/** Refuses a file, in the terms in which the file system tells of any other trouble. */
export const refuse = (method: string, path: string, reason: string, hint: string): PlatformError =>
  new PlatformError(
    new SystemError({
      _tag: "InvalidData",
      module: "SafeFile",
      method,
      pathOrDescriptor: path,
      description: reason,
      cause: new FileRefused(reason, hint)
    })
  )

const kinds: Readonly<Record<string, string>> = {
  Directory: "a folder",
  SymbolicLink: "a link",
  FIFO: "a pipe",
  Socket: "a socket",
  BlockDevice: "a device",
  CharacterDevice: "a device"
}

/** What a thing is that should be a regular file, in plain words. */
export const kindOf = (type: string): string => kinds[type] ?? "something else"

/** Says that what was found is no regular file. */
export const notRegular = (type: string): string =>
  type === "Directory" ? "it is a folder and not a file" : `it is ${kindOf(type)} and no regular file`
