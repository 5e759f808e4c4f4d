import { ExitCode } from "./ExitCode.ts"

/** Milliseconds after which a second signal stops the program at once. */
const impatientMs = 1000

const stopping = ["SIGINT", "SIGTERM"] as const

type Stopping = (typeof stopping)[number]

/**
 * Both signals interrupt the program, which saves and ends; the first one decides the exit code. nx may deliver one twice
 * within milliseconds, so only a later one is taken for impatience.
 *
 * @returns the signal that came first, once one has come
 */
export const stopOnSignals = (
  process: { on(signal: Stopping, listener: () => void): unknown; exit(code: number): unknown },
  now: () => number
): (() => Stopping | undefined) => {
  let first: { readonly signal: Stopping; readonly at: number } | undefined
  for (const signal of stopping) {
    process.on(signal, () => {
      if (first === undefined) first = { signal, at: now() }
      else if (now() - first.at >= impatientMs) process.exit(codes[first.signal])
    })
  }
  return () => first?.signal
}

const codes = { SIGINT: ExitCode.interrupted, SIGTERM: ExitCode.terminated }
