import { Backend } from "@moco/core/Backend"
import { type ParityReport, replay } from "@moco/train/Parity"
import { Console, Effect, Schema } from "effect"
import { Command, Flag } from "effect/cli"

/** A replay differs from the recorded run by more than is allowed. */
export class ParityBroken extends Schema.TaggedError<ParityBroken>()("ParityBroken", {
  fixture: Schema.String,
  tolerance: Schema.Finite
}) {
  override get message() {
    return `the replay of ${this.fixture} differs by more than ${this.tolerance} in loss, query, key or queue`
  }
}

const flags = {
  fixture: Flag.String("fixture").pipe(
    Flag.withDescription("folder of the recorded run (see packages/train/test/parity)"),
    Flag.withMetavar("DIR")
  ),
  tolerance: Flag.Finite("tolerance").pipe(
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
    if (!report.ok) return yield* new ParityBroken({ fixture, tolerance })
  })
).pipe(
  Command.withDescription("Replay a run recorded with PyTorch and print the largest differences as JSON"),
  Command.withExamples([
    {
      command: "npx nx run cli:parity --fixture=packages/train/test/parity/plain",
      description: "one of the recorded runs that come with the repository"
    }
  ])
)

const quantities = ["loss", "query", "key", "queue", "encoder_q", "encoder_k", "momentum"] as const

const replayAloud = Effect.fnUntraced(function* (fixture: string, tolerance: number) {
  const backend = yield* Backend
  yield* Console.log(`replaying ${fixture} on ${backend.name} ${backend.version}`)
  const report: ParityReport = yield* replay(fixture, tolerance)
  for (const quantity of quantities) {
    yield* Console.log(`  ${quantity.padEnd(10)} ${report[quantity].toExponential(2)}`)
  }
  return report
})
