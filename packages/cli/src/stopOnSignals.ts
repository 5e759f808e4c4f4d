import { ExitCode } from "./ExitCode.ts"

/** Milliseconds after which a second signal stops the program at once. */
const impatientMs = 1000

const stopping = ["SIGINT", "SIGTERM"] as const

type Stopping = (typeof stopping)[number]

/** How a program was asked to stop. */
export interface Stop {
  /** The signal that came first, once one has come. */
  readonly signal: () => Stopping | undefined
  /** Asks for it as SIGTERM does, unless it was asked for already: then this is no impatience. */
  readonly ask: () => void
}

/**
 * Both signals interrupt the program, which saves and ends; the first one decides the exit code. nx may deliver one twice
 * within milliseconds, so only a later one is taken for impatience.
 */
export const stopOnSignals = (
  process: {
    readonly pid: number
    on(signal: Stopping, listener: () => void): unknown
    exit(code: number): unknown
    kill(pid: number, signal: Stopping): unknown
  },
  now: () => number
): Stop => {
  let first: { readonly signal: Stopping; readonly at: number } | undefined
  for (const signal of stopping) {
    process.on(signal, () => {
      if (first === undefined) first = { signal, at: now() }
      else if (now() - first.at >= impatientMs) process.exit(codes[first.signal])
    })
  }
  return {
    signal: () => first?.signal,
    ask: () => {
      if (first === undefined) process.kill(process.pid, "SIGTERM")
    }
  }
}

const codes = { SIGINT: ExitCode.interrupted, SIGTERM: ExitCode.terminated }
