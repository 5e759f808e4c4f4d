import { mkdir } from "node:fs/promises"
import { cpus } from "node:os"
import { parseArgs } from "node:util"
import * as SafeFile from "@moco/core/SafeFile"
import { Console, Effect } from "effect"
import { collect } from "./photographs/collect.ts"
import { photographSets } from "./photographs/sets.ts"
import { trainOn } from "./photographs/trainOn.ts"
import { runTool } from "./runTool.ts"
import { tableOf } from "./seeds/table.ts"

/**
 * Trains on real images in colour that Debian's packages hold, and says how much better the encoder is than raw pixels, a
 * histogram of colours, and itself before training. Stopped, it goes on where it was.
 *
 *     npx nx run tools:photographs -- [--only=stamps|wallpapers] [--seeds=3] [--folder=DIR] [--out=FILE]
 *
 * With `--tuning` settings are tried, which `--set=PATH=VALUE` changes, by the part of the stamps that is for choosing; runs
 * lie in `--folder`, another one for each of them.
 */
/** Where the images are collected, once. */
const collected = "runs/photographs"

const flags = {
  only: { type: "string" },
  seeds: { type: "string", default: "3" },
  folder: { type: "string", default: collected },
  out: { type: "string" },
  set: { type: "string", multiple: true },
  tuning: { type: "boolean", default: false }
} as const

const { values } = parseArgs({ options: flags })

const refuse = (flag: keyof typeof flags, expected: string) => {
  process.stderr.write(`error: --${flag}=${values[flag]}: must be ${expected}\n`)
  return process.exit(2)
}
const numSeeds = Number(values.seeds)
if (!(Number.isInteger(numSeeds) && numSeeds >= 1)) refuse("seeds", "a whole number, 1 or more")
const chosen = photographSets.filter(({ name }) => values.only === undefined || name === values.only)
if (chosen.length === 0) refuse("only", photographSets.map(({ name }) => name).join(" or "))

const sets = Object.fromEntries(
  (values.set ?? []).map((pair) => {
    const [, path, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? refuse("set", "PATH=VALUE")
    return [path, value]
  })
)

const program = Effect.gen(function* () {
  for (const folder of [collected, values.folder])
    yield* Effect.promise(() => mkdir(folder, { recursive: true }))
  const parts: Array<string> = []
  for (const set of chosen) {
    const packed = yield* collect(set, collected)
    const seeds = yield* Effect.forEach(
      Array.from({ length: numSeeds }, (_, index) => index + 1),
      (seed) => trainOn(set, packed, seed, values.folder, { sets, isTuning: values.tuning })
    )
    const minutes = seeds.reduce((sum, { trainingSeconds }) => sum + trainingSeconds, 0) / numSeeds / 60
    const head = `${set.name}: ${set.about}; ${seeds[0]!.epochs} epochs, ${numSeeds} seeds, ${minutes.toFixed(1)} minutes each`
    const text = `${head} (${cpus()[0]?.model}, ${cpus().length} cores)\n\n${tableOf(seeds.map(({ measurements }) => measurements))}\n`
    parts.push(text)
    yield* Console.log(`\n${text}`)
  }
  const { out } = values
  if (out !== undefined) yield* SafeFile.replaceText(out, parts.join("\n"))
})

runTool(program)
