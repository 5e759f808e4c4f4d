import { prepareProcess } from "@moco/core/prepareProcess"

// First of all: it may start the process anew, so nothing heavy is loaded before it.
prepareProcess()

await import("./evaluation-oracles/main.ts")
