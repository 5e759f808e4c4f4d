import { Effect, FileSystem } from "effect"

/** When a process started, as the kernel counts it: tells a process from a later one with the same id. */
export const startOf = Effect.fnUntraced(function* (pid: number) {
  const fileSystem = yield* FileSystem.FileSystem
  const stat = yield* Effect.orElseSucceed(fileSystem.readFileString(`/proc/${pid}/stat`), () => "")
  // The name in parentheses may hold spaces; the start is field 22, the 20th behind it.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""
})

/** Whether a process is running that is still the one that started at `start`. */
export const isAlive = Effect.fnUntraced(function* (pid: number, start: string) {
  const exists = yield* Effect.sync(() => {
    try {
      process.kill(pid, 0)
      return true
    } catch (cause) {
      // EPERM: it runs, as somebody else.
      return cause instanceof Error && "code" in cause && cause.code === "EPERM"
    }
  })
  return exists && (yield* startOf(pid)) === start
})
