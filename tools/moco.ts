import { spawn } from "node:child_process"
import { once } from "node:events"
import { constants } from "node:os"
import { fileURLToPath } from "node:url"
import { needsLibrary } from "./moco/needsLibrary.ts"

/**
 * `npx moco COMMAND`: the same program as `npx nx run cli:COMMAND` without nx, in a checkout of somebody else's too. Before
 * a command that computes, libtensorflow is set up where it is not, as nx does it.
 */

/** The program's code for a backend that cannot be loaded. */
const noBackend = 6

const setUp = async () => {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.resolve("@moco/native/setup"))], {
    stdio: "inherit"
  })
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const
  let first: NodeJS.Signals | undefined
  const pass = (signal: NodeJS.Signals) => {
    first ??= signal
    child.kill(signal)
  }
  for (const signal of signals) process.on(signal, pass)
  const [code] = await once(child, "exit")
  for (const signal of signals) process.off(signal, pass)
  if (first !== undefined) process.exit(128 + constants.signals[first])
  if (code !== 0) process.exit(noBackend)
}

if (needsLibrary(process.argv.slice(2))) await setUp()
await import("../packages/cli/src/main.ts")
