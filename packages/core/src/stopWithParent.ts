const variable = "MOCO_STOP_WITH_PARENT"

/** Environment of a process that is to stop when the process that started it is gone, even by a kill. */
export const stopWithParent: Readonly<Record<string, string>> = { [variable]: "1" }

/** Where this process was started so: asks it to stop when the pipe from its parent ends. */
export const watchParent = (stop: () => void): void => {
  if (process.env[variable] !== "1") return
  process.stdin.on("error", stop)
  process.stdin.on("end", stop)
  process.stdin.resume()
  // What it waits for is no reason to stay alive.
  ;(process.stdin as Partial<{ unref: () => void }>).unref?.()
}
