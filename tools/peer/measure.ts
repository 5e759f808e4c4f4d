import { Effect } from "effect"
import type { BlockResult } from "./Block.ts"
import { type Case, isCompiled, type Program, type Row, rowsOf, turnsOf } from "./Case.ts"
import type { ForeignLoad } from "./ForeignLoad.ts"
import type { BlockFailed } from "./PeerError.ts"

/** From this part of the machine on, the work of others spoils a block. */
export const foreignLimit = 0.1

/** How often a block is measured at most. */
export const maxTries = 3

/** One process of a row, as it was recorded. */
export interface Block {
  readonly case: string
  readonly row: string
  readonly round: number
  /** 1, or more where it was measured again because others had spoiled it. */
  readonly try: number
  readonly steps: number
  readonly outcome:
    | {
        readonly kind: "measured"
        readonly result: BlockResult
        readonly foreign: ForeignLoad
        readonly isSpoiled: boolean
      }
    | { readonly kind: "failed"; readonly reason: string }
}

/** A block's figures, and what others did meanwhile. */
export interface Measured {
  readonly value: BlockResult
  readonly load: ForeignLoad
}

export interface Plan {
  readonly programs: ReadonlyArray<Program>
  readonly rounds: number
  /** Steps of every block; without them as many as fill {@link blockMs}. */
  readonly steps: number | undefined
  readonly warmUp: number
}

/** Milliseconds of measured steps in a block; with start and warm-up it takes 20 to 40 seconds. */
const blockMs = 22_000
const leastSteps = 5
const mostSteps = 2_000

/** @param stepMs  what a step takes, in milliseconds */
export const stepsFor = (stepMs: number): number =>
  Math.min(mostSteps, Math.max(leastSteps, Math.round(blockMs / stepMs)))

/** A short block that tells how many steps a long one needs. */
const trial = { steps: 3, warmUp: 2 }

/**
 * Measures a case: one block of every row in a round, a process each. A block that others spoiled is measured again; a
 * row that fails is not started again, and the others go on.
 *
 * @param run  measures one block
 * @param observe  is told every block as it ends, the failed and the spoiled ones too
 */
export const measureCase = Effect.fnUntraced(function* <R, E2, R2>(
  aCase: Case,
  plan: Plan,
  run: (
    row: Row,
    work: { readonly steps: number; readonly warmUp: number },
    title: string
  ) => Effect.Effect<Measured, BlockFailed, R>,
  observe: (block: Block) => Effect.Effect<void, E2, R2>
) {
  const rows = rowsOf(aCase, plan.programs)
  const failed = new Set<string>()
  const attempt = Effect.fnUntraced(function* (
    row: Row,
    at: { readonly round: number; readonly try: number },
    work: { readonly steps: number; readonly warmUp: number },
    title: string
  ) {
    const measured = yield* Effect.result(run(row, work, title))
    if (measured._tag === "Success") return measured.success
    failed.add(row.name)
    const outcome = { kind: "failed", reason: measured.failure.reason } as const
    yield* observe({ case: aCase.name, row: row.name, ...at, steps: work.steps, outcome })
    return undefined
  })

  const steps = new Map<string, number>()
  const stepsOf = Effect.fnUntraced(function* (row: Row) {
    if (plan.steps !== undefined) return plan.steps
    // What is compiled takes about as long, and each trial would compile.
    const name = isCompiled(row.program) ? row.name.replace("-compile", "") : row.name
    const known = steps.get(name)
    if (known !== undefined) return known
    const found = yield* attempt(row, { round: 0, try: 1 }, trial, `${row.name}: how long a step takes`)
    if (found === undefined) return undefined
    const enough = stepsFor(found.value.stepMs.median)
    steps.set(name, enough)
    return enough
  })

  // All of them first, so that the blocks of a round follow each other.
  for (const row of rows) yield* stepsOf(row)
  for (const { round, row } of turnsOf(rows, plan.rounds)) {
    for (let tries = 1; tries <= maxTries && !failed.has(row.name); tries++) {
      const numSteps = yield* stepsOf(row)
      if (numSteps === undefined) break
      const title = `${aCase.name}, round ${round} of ${plan.rounds}, ${row.name}`
      const work = { steps: numSteps, warmUp: plan.warmUp }
      const measured = yield* attempt(row, { round, try: tries }, work, title)
      if (measured === undefined) break
      const isSpoiled = (measured.load.worst ?? 0) > foreignLimit
      const outcome = {
        kind: "measured",
        result: measured.value,
        foreign: measured.load,
        isSpoiled
      } as const
      yield* observe({ case: aCase.name, row: row.name, round, try: tries, steps: numSteps, outcome })
      if (!isSpoiled) break
    }
  }
})
