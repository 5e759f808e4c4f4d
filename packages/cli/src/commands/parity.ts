import { Backend } from "@moco/core/Backend"
import * as Escape from "@moco/core/Escape"
import { type ParityReport, replay } from "@moco/train/Parity"
import { Console, Effect, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { namedFlag } from "../flags.ts"

/** A replay differs from the recorded run by more than is allowed. */
export class ParityBroken extends Schema.TaggedError<ParityBroken>()("ParityBroken", {
  fixture: Schema.String,
  tolerance: Schema.Finite,
  /** What differs most. */
  quantity: Schema.String,
  difference: Schema.Number
}) {
  override get message() {
    const { difference, fixture, quantity, tolerance } = this
    return `the replay of ${fixture} differs by ${difference} in ${quantity}, and ${tolerance} is allowed\n  where that is rounding, raise --tolerance; else look for what changed in a step`
  }
}

const flags = {
  fixture: namedFlag("fixture").pipe(
    Flag.withDescription("folder of the recorded run (see packages/train/test/parity)"),
    Flag.withMetavar("DIR")
  ),
  tolerance: Flag.Finite("tolerance").pipe(
    Flag.filter(
      (tolerance) => tolerance >= 0,
      () => "0 or more"
    ),
    Flag.withDescription("largest absolute difference that is ok"),
    Flag.withDefault(2e-3)
  )
}

/** `moco parity`: replays a run that was recorded with PyTorch through the production step. */
export const parity = Command.make(
  "parity",
  flags,
  Effect.fn("cli.parity")(function* ({ fixture, tolerance }) {
    const report = yield* replayAloud(fixture, tolerance).pipe(Effect.provide(Backend.layerTensorflow()))
    yield* Console.log(JSON.stringify(report))
    if (!report.ok) {
      const quantity = decisive.reduce((worst, other) => (report[other] > report[worst] ? other : worst))
      return yield* new ParityBroken({ fixture, tolerance, quantity, difference: report[quantity] })
    }
  }, Effect.interruptible)
).pipe(
  Command.withDescription("Replay a run recorded with PyTorch and print the largest differences as JSON"),
  Command.withExamples([
    {
      command: "npx moco parity --fixture=packages/train/test/parity/plain",
      description: "one of the recorded runs that come with the repository"
    }
  ])
)

/** Quantities that decide. */
const decisive = ["loss", "query", "key", "queue"] as const

const quantities = [...decisive, "encoder_q", "encoder_k", "momentum"] as const

const replayAloud = Effect.fnUntraced(function* (fixture: string, tolerance: number) {
  const backend = yield* Backend
  yield* Console.log(`replaying ${Escape.line(fixture)} on ${backend.name} ${Escape.line(backend.version)}`)
  const report: ParityReport = yield* replay(fixture, tolerance)
  for (const quantity of quantities) {
    yield* Console.log(`  ${quantity.padEnd(10)} ${report[quantity].toExponential(2)}`)
  }
  return report
})
