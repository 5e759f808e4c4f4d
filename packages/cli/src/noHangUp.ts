import { readFileSync } from "node:fs"

const writeOnly = 1

/**
 * Whether this process was started by `nohup` from a terminal, and so is to outlive it.
 *
 * Node sets every signal back to its default when it starts, so that a signal which `nohup` has had ignored is not to be
 * seen any more. What stays is the standard input that `nohup` gives in place of the terminal: one that can only be
 * written to, and nobody else gives such a one. Where standard input was none of a terminal there is no sign: such a run
 * is saved when the terminal is closed, and goes on with `--resume`.
 */
export const isStartedByNohup = (fdinfo = "/proc/self/fdinfo/0"): boolean => {
  const [, flags] = /^flags:\s*([0-7]+)$/m.exec(textOf(fdinfo)) ?? []
  return flags !== undefined && (Number.parseInt(flags, 8) & 3) === writeOnly
}

const textOf = (file: string): string => {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return ""
  }
}
