import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import type * as CounterRandom from "@moco/core/CounterRandom"
import { load } from "@moco/train/Checkpoint/load"
import { Effect } from "effect"
import { between } from "./random.ts"

/** What damage has been done, and what of it went unnoticed or was said of another file. */
export interface Damages {
  readonly counts: Record<string, number>
  readonly problems: Array<string>
}

/** Flips, truncations, removals and swaps, one at a time, of the checkpoint in `folder`; the `others` are of other steps. */
export const damageOf = Effect.fnUntraced(function* (
  folder: string,
  others: ReadonlyArray<string>,
  random: CounterRandom.CounterRandom,
  numRandom: number
) {
  const damages: Damages = { counts: { unnoticed: 0 }, problems: [] }
  const names = readdirSync(folder)
  const bytesOf = (name: string, from = folder) => readFileSync(join(from, name))
  /** Puts other bytes in a file's place, or nothing, asks, and puts the file back. */
  const withDamage = Effect.fnUntraced(function* (
    kind: string,
    name: string,
    damaged: Uint8Array | undefined
  ) {
    const file = join(folder, name)
    const bytes = bytesOf(name)
    if (damaged === undefined) rmSync(file)
    else writeFileSync(file, damaged)
    yield* ask(damages, kind, file)
    writeFileSync(file, bytes)
  })
  for (let n = 0; n < numRandom; n++) {
    const name = names[random.below(names.length)]!
    const flipped = Uint8Array.from(bytesOf(name))
    flipped[random.below(flipped.length)]! ^= 1 << random.below(8)
    yield* withDamage("flips", name, flipped)
    const cut = names[random.below(names.length)]!
    const whole = bytesOf(cut)
    yield* withDamage("truncations", cut, whole.subarray(0, between(random, 0, whole.length - 1)))
  }
  for (const name of names) {
    yield* withDamage("removals", name, undefined)
    // Every file of every checkpoint is whole in itself.
    for (const donor of names) {
      if (donor !== name) yield* withDamage("swaps", name, bytesOf(donor))
      for (const other of others) yield* withDamage("swaps", name, bytesOf(donor, other))
    }
  }
  for (const other of others) {
    yield* swapFolder(damages, folder, other)
    yield* swapFolder(damages, other, folder)
  }
  return damages
})

/** Puts the whole checkpoint of another step under this one's name, asks, and puts everything back. */
const swapFolder = Effect.fnUntraced(function* (damages: Damages, folder: string, donor: string) {
  const aside = `${folder}.aside`
  renameSync(folder, aside)
  cpSync(donor, folder, { recursive: true })
  yield* ask(damages, "folderSwaps", join(folder, "manifest.jsonl"))
  rmSync(folder, { recursive: true })
  renameSync(aside, folder)
})

/** Loads the checkpoint that `file` belongs to, which must be refused, in words that name the file. */
const ask = Effect.fnUntraced(function* ({ counts, problems }: Damages, kind: string, file: string) {
  counts[kind] = (counts[kind] ?? 0) + 1
  const result = yield* Effect.result(load(dirname(file)))
  if (result._tag === "Success") {
    counts["unnoticed"]!++
    problems.push(`${kind}: damage of ${basename(file)} was not noticed`)
  } else if (result.failure._tag !== "CheckpointCorrupt" || !result.failure.message.includes(file)) {
    problems.push(
      `${kind}: of ${basename(file)} it was said: ${result.failure._tag}: ${result.failure.message}`
    )
  }
})
