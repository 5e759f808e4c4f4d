import { constants } from "node:os"
import { endedBySignal } from "./trialRecord.ts"

/** The error message of a run, without the warnings before it; else how it ended, and its last words. */
export const reasonOf = (exitCode: number, stderr: string): string => {
  const lines = stderr.trimEnd().split("\n")
  const start = lines.findIndex((line) => line.startsWith("error: "))
  if (start >= 0) return lines.slice(start).join("\n").slice("error: ".length)
  const words = lines.filter((line) => line !== "").slice(-lastWords)
  return [`the process ended with ${endingOf(exitCode)}`, ...words].join("\n")
}

const endingOf = (exitCode: number): string => {
  const signal = Object.entries(constants.signals).find(
    ([, number]) => endedBySignal + number === exitCode
  )?.[0]
  if (signal === undefined) return `exit code ${exitCode}`
  return signal === "SIGKILL" ? "SIGKILL, as the system does where memory runs out" : signal
}

/** Lines of a process's last words that are kept. */
const lastWords = 6
