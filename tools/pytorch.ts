import { parseArgs } from "node:util"
import { Console, Effect } from "effect"
import { inPyTorch, PyTorchDiffers } from "./pytorch/inPyTorch.ts"
import { runTool } from "./runTool.ts"

/**
 * Loads a run's encoder into PyTorch as docs/pytorch.md says, and compares the features of 32 test images with those that
 * it has here.
 *
 *     npx nx run tools:pytorch -- --run=runs/fashionMnist10k-1 [--python=/usr/bin/python3]
 */
const usage = "usage: npx nx run tools:pytorch -- --run=RUN [--python=PYTHON]"

const tolerance = 1e-4

// What is installed is run later on: nobody else may write there.
process.umask(process.umask() | 0o022)

const flags = Effect.try({
  try: () => parseArgs({ options: { run: { type: "string" }, python: { type: "string" } } }).values,
  catch: (error) => new PyTorchDiffers({ problem: String(error), hint: usage })
})

const program = Effect.gen(function* () {
  const { python, run } = yield* flags
  if (run === undefined) return yield* new PyTorchDiffers({ problem: "no run was named", hint: usage })
  const report = yield* inPyTorch(run, python)
  yield* Console.log(JSON.stringify(report))
  if (report.difference <= tolerance) return
  return yield* new PyTorchDiffers({
    problem: `the features differ by ${report.difference} of the largest, and ${tolerance} is allowed`,
    hint: "see what in docs/moco_encoder.py is not as in packages/core/src/Encoder/ResNet.ts"
  })
})

runTool(program)
