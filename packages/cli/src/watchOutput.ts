import { ExitCode } from "@moco/train/ExitCode"

/**
 * Stops the program when what it prints can no longer be written. Whoever read it may be gone (`| head`): that is asking
 * to stop. Where it has no room, as in a file on a full disk, a result was lost, and the exit code says so. Standard
 * error that is closed stops nothing: a run of hours is worth more than its warnings.
 *
 * @returns the exit code in place of `code`
 */
export const watchOutput = (
  process: {
    readonly stdout: { on(event: "error", listener: (error: NodeJS.ErrnoException) => void): unknown }
    readonly stderr: {
      on(event: "error", listener: () => void): unknown
      write(text: string): unknown
    }
    exitCode?: number | string | null | undefined
  },
  stop: () => void
): ((code: number) => number) => {
  let isLost = false
  process.stderr.on("error", () => {})
  process.stdout.on("error", ({ code, message }) => {
    if (code !== "EPIPE" && !isLost) {
      isLost = true
      process.stderr.write(
        `error: standard output cannot be written: ${message}\n  free some space, or send it elsewhere\n`
      )
      // The program may have ended already.
      if (process.exitCode === undefined) process.exitCode = ExitCode.resource
    }
    stop()
  })
  return (code) => (isLost ? ExitCode.resource : code)
}
