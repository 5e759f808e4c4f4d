import { parseArgs } from "node:util"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { escapedConsole } from "@moco/core/EscapedConsole"
import { Cause, Console, Effect } from "effect"
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

program.pipe(
  Effect.tapCause((cause) => {
    const error = Cause.squash(cause)
    const isExpected = !Cause.hasDies(cause) && error instanceof Error
    return Cause.hasInterruptsOnly(cause)
      ? Effect.void
      : Console.error(isExpected ? `error: ${error.message}` : Cause.pretty(cause))
  }),
  Effect.provideService(Console.Console, escapedConsole),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
