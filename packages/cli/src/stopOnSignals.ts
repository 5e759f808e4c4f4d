import { codeOfSignal, type Stopping } from "@moco/train/ExitCode"

/** Milliseconds after which a second signal stops the program at once. */
const impatientMs = 1000

/** How a program was asked to stop. */
export interface Stop {
  /** The signal that came first, once one has come. */
  readonly signal: () => Stopping | undefined
  /** Asks for it as SIGTERM does, unless it was asked for already: then this is no impatience. */
  readonly ask: () => void
  /** Calls `listener` when the program is asked to stop the first time, or at once where it was already. */
  readonly onStop: (listener: () => void) => void
}

/**
 * Ctrl-C, `kill` and a closed terminal stop the program, which saves and ends; the first signal decides the exit code. nx
 * may deliver one twice within milliseconds, so only a later one is taken for impatience.
 *
 * @param ignored  signals that this process was started to ignore, as `nohup` does
 */
export const stopOnSignals = (
  process: {
    on(signal: Stopping, listener: () => void): unknown
    exit(code: number): unknown
    readonly stderr: { write(text: string): unknown }
  },
  now: () => number,
  ignored: ReadonlyArray<Stopping> = []
): Stop => {
  let first: { readonly signal: Stopping; readonly at: number } | undefined
  const listeners: Array<() => void> = []
  const stop = (signal: Stopping) => {
    first = { signal, at: now() }
    for (const listener of listeners) listener()
  }
  for (const signal of Object.keys(codeOfSignal) as ReadonlyArray<Stopping>) {
    process.on(signal, () => {
      if (ignored.includes(signal)) return
      if (first === undefined) return stop(signal)
      if (now() - first.at < impatientMs) return
      process.stderr.write("stopped at once by a second signal: what was not saved yet is lost\n")
      process.exit(codeOfSignal[first.signal])
    })
  }
  return {
    signal: () => first?.signal,
    ask: () => {
      if (first === undefined) stop("SIGTERM")
    },
    onStop: (listener) => {
      if (first !== undefined) listener()
      else listeners.push(listener)
    }
  }
}
