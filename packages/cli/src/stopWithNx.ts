import { readFileSync } from "node:fs"
import { fieldsAfterName, procField } from "@moco/core/procStat"

/** Set by nx in the environment of every task. */
const taskVariable = "NX_TASK_TARGET_PROJECT"

const lookEvery = 500

/**
 * Where this process is a task of nx: asks it to stop when nx is gone, even by a kill, or the shell between the two is. A
 * signal to them would have reached the task; a kill does not, and the task would go on with nobody to stop it.
 *
 * Without nx nothing is watched: a run under `nohup` goes on when its shell has ended.
 */
export const watchNx = (stop: () => void, environment = process.env): void => {
  if (environment[taskVariable] === undefined) return
  const parent = process.ppid
  const before = ancestorsIn(nxProcesses(parent))
  const timer = setInterval(() => {
    if (process.ppid === parent && before.every(isStillThere)) return
    clearInterval(timer)
    stop()
  }, lookEvery)
  timer.unref()
}

interface Ancestor {
  readonly pid: number
  readonly start: string
}

/** The processes between this one and nx, and nx: those that were started as a task, and the first that was not. */
const nxProcesses = (parent: number): ReadonlyArray<number> => {
  const pids: Array<number> = []
  for (let pid = parent; pid > 1; pid = Number(fieldsOf(pid)[procField.parent] ?? 0)) {
    pids.push(pid)
    if (!isTask(pid)) break
  }
  return pids
}

const ancestorsIn = (pids: ReadonlyArray<number>): ReadonlyArray<Ancestor> =>
  pids.flatMap((pid) => {
    const start = fieldsOf(pid)[procField.start]
    return start === undefined ? [] : [{ pid, start }]
  })

const isTask = (pid: number): boolean => textOf(`/proc/${pid}/environ`).split("\0").some(isTaskVariable)

const isTaskVariable = (line: string): boolean => line.startsWith(`${taskVariable}=`)

/** A process that has ended is there until its parent takes note, as a zombie. */
const isStillThere = ({ pid, start }: Ancestor): boolean => {
  const fields = fieldsOf(pid)
  return fields[procField.start] === start && fields[procField.state] !== "Z"
}

const fieldsOf = (pid: number): ReadonlyArray<string> => fieldsAfterName(textOf(`/proc/${pid}/stat`))

/** Empty where there is no such file, as everywhere but on Linux: there the parent alone is watched. */
const textOf = (file: `/proc/${string}`): string => {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return ""
  }
}
