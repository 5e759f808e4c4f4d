/** Whether a process of this system has the id; one that has ended and waits for its parent counts. */
export const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    // EPERM: it runs, as somebody else.
    return cause instanceof Error && "code" in cause && cause.code === "EPERM"
  }
}
