import { parseArgs } from "node:util"
import { Console, Effect } from "effect"
import { runTool } from "./runTool.ts"
import { inTensorBoard } from "./tensorboard/inTensorBoard.ts"
import { TensorBoardDiffers } from "./tensorboard/TensorBoardDiffers.ts"

/**
 * Trains a tiny run that is killed and goes on, and compares what TensorBoard shows of its folder with its log; a histogram, an
 * image and an embedding too. Takes a minute or two, and a Python with the package `tensorboard`.
 *
 *     npx nx run tools:tensorboard -- [--python=/usr/bin/python3]
 */
const usage = "usage: npx nx run tools:tensorboard -- [--python=PYTHON]"

const flags = Effect.try({
  try: () => parseArgs({ options: { python: { type: "string", default: "python3" } } }).values,
  catch: (error) => new TensorBoardDiffers({ problem: String(error), hint: usage })
})

const program = Effect.gen(function* () {
  const { python } = yield* flags
  yield* Console.log(JSON.stringify(yield* inTensorBoard(python)))
})

runTool(program)
