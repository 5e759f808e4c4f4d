import { mkdir } from "node:fs/promises"
import { cpus } from "node:os"
import { parseArgs } from "node:util"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { escapedConsole } from "@moco/core/EscapedConsole"
import * as SafeFile from "@moco/core/SafeFile"
import { Cause, Console, Effect } from "effect"
import { collect } from "./photographs/collect.ts"
import { photographSets } from "./photographs/sets.ts"
import { tableOf } from "./photographs/table.ts"
import { trainOn } from "./photographs/trainOn.ts"

/**
 * Trains on real images in colour that Debian's packages hold, and says how much better the encoder is than raw pixels, a
 * histogram of colours, and itself before training. Stopped, it goes on where it was.
 *
 *     npx nx run tools:photographs -- [--only=stamps|wallpapers] [--seeds=3] [--folder=runs/photographs] [--out=FILE]
 */
const flags = {
  only: { type: "string" },
  seeds: { type: "string", default: "3" },
  folder: { type: "string", default: "runs/photographs" },
  out: { type: "string" }
} as const

const { values } = parseArgs({ options: flags })

const refuse = (flag: keyof typeof flags, expected: string) => {
  process.stderr.write(`error: --${flag}=${values[flag]}: must be ${expected}\n`)
  return process.exit(2)
}
const numSeeds = Number(values.seeds)
if (!(Number.isInteger(numSeeds) && numSeeds >= 1)) refuse("seeds", "a whole number, 1 or more")
const sets = photographSets.filter(({ name }) => values.only === undefined || name === values.only)
if (sets.length === 0) refuse("only", photographSets.map(({ name }) => name).join(" or "))

Effect.gen(function* () {
  yield* Effect.promise(() => mkdir(values.folder, { recursive: true }))
  const parts: Array<string> = []
  for (const set of sets) {
    const packed = yield* collect(set, values.folder)
    const seeds = yield* Effect.forEach(
      Array.from({ length: numSeeds }, (_, index) => index + 1),
      (seed) => trainOn(set, packed, seed, values.folder)
    )
    const minutes = seeds.reduce((sum, { trainingSeconds }) => sum + trainingSeconds, 0) / numSeeds / 60
    const { training } = set.configOf(packed, 1)
    const head = `${set.name}: ${set.about}; ${training.epochs} epochs, ${numSeeds} seeds, ${minutes.toFixed(1)} minutes each`
    const text = `${head} (${cpus()[0]?.model}, ${cpus().length} cores)\n\n${tableOf(seeds)}\n`
    parts.push(text)
    yield* Console.log(`\n${text}`)
  }
  const { out } = values
  if (out !== undefined) yield* SafeFile.replaceText(out, parts.join("\n"))
}).pipe(
  Effect.scoped,
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
