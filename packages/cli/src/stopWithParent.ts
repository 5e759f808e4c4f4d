const variable = "MOCO_STOP_WITH_PARENT"

/** Environment of a process that is to stop when the process that started it is gone, even by a kill. */
export const stopWithParent: Readonly<Record<string, string>> = { [variable]: "1" }

/** Where this process was started so: stops it as SIGTERM does when the pipe from its parent ends. */
export const watchParent = (): void => {
  if (process.env[variable] !== "1") return
  process.stdin.on("error", () => process.kill(process.pid, "SIGTERM"))
  process.stdin.on("end", () => process.kill(process.pid, "SIGTERM"))
  process.stdin.resume()
  // What it waits for is no reason to stay alive.
  ;(process.stdin as Partial<{ unref: () => void }>).unref?.()
}
