import { median } from "@moco/train/Bench/report"
import { type Case, type Program, type Row, rowsOf } from "./Case.ts"
import type { Block } from "./measure.ts"

/** Some figures: their median, and how far they lie apart. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** What a row has come to. Figures are those of the undisturbed blocks, or of all where every one was disturbed. */
export interface RowSummary {
  readonly row: string
  readonly program: Program
  readonly queueSize: number
  readonly imagesPerSecond: Spread | null
  /** Milliseconds of a step, of each block its median. */
  readonly stepMs: Spread | null
  readonly peakRssMiB: Spread | null
  /** Blocks that count, one a round. */
  readonly blocks: number
  /** Of them, those that others disturbed, however often they were measured. */
  readonly disturbed: number
  /** Blocks that others disturbed, those that were measured again among them. */
  readonly spoiled: number
  /** Why there are no figures, or no more. */
  readonly failed: string | null
}

/** Ours beside PyTorch's best, which is the fastest row at the same sizes. */
export interface Comparison {
  readonly queueSize: number
  readonly best: string
  /** Our images/s by theirs, of each round: the median and the spread. */
  readonly ratio: Spread
  /** Rounds that it is of. */
  readonly rounds: number
  /** Whether there was no round in which neither was disturbed, so that all count. */
  readonly isDisturbed: boolean
  /** Our peak memory by theirs. */
  readonly memoryRatio: number
}

/** What a program's step takes longer with the larger queue. */
export interface Growth {
  readonly program: Program
  readonly from: number
  readonly to: number
  /** Milliseconds, of each round. */
  readonly differenceMs: Spread
  readonly isDisturbed: boolean
}

export interface CaseSummary {
  readonly name: string
  readonly rows: ReadonlyArray<RowSummary>
  readonly comparisons: ReadonlyArray<Comparison>
  readonly growth: ReadonlyArray<Growth>
}

/** Nothing where there are no values. */
export const spreadOf = (values: ReadonlyArray<number>): Spread | null =>
  values.length === 0 ? null : { median: median(values), min: Math.min(...values), max: Math.max(...values) }

/** What a round has of a row: figures, and whether others disturbed them. */
interface Kept {
  readonly round: number
  readonly imagesPerSecond: number
  readonly stepMs: number
  readonly peakRssMiB: number
  readonly isSpoiled: boolean
}

/** Of each round the try in which others did least. */
export const keptOf = (blocks: ReadonlyArray<Block>, row: string): ReadonlyArray<Kept> => {
  const measured = blocks.flatMap(({ outcome, round, row: name }) =>
    name === row && outcome.kind === "measured" ? [{ ...outcome, round }] : []
  )
  return [...Map.groupBy(measured, ({ round }) => round).values()].map((tries) => {
    const [{ isSpoiled, result, round }] = tries.toSorted(
      (a, b) => (a.foreign.worst ?? 0) - (b.foreign.worst ?? 0)
    ) as [(typeof tries)[number]]
    const { imagesPerSecond, peakRssMiB, stepMs } = result
    return { round, imagesPerSecond, stepMs: stepMs.median, peakRssMiB, isSpoiled }
  })
}

/** The undisturbed of them, or all where there are none. */
const clean = <T extends { readonly isSpoiled: boolean }>(all: ReadonlyArray<T>): ReadonlyArray<T> => {
  const undisturbed = all.filter(({ isSpoiled }) => !isSpoiled)
  return undisturbed.length === 0 ? all : undisturbed
}

const summaryOf = (blocks: ReadonlyArray<Block>, { name, program, settings }: Row): RowSummary => {
  const kept = keptOf(blocks, name)
  const own = blocks.filter(({ row }) => row === name)
  const failures = own.flatMap(({ outcome }) => (outcome.kind === "failed" ? [outcome.reason] : []))
  const figures = clean(kept)
  return {
    row: name,
    program,
    queueSize: settings.queueSize,
    imagesPerSecond: spreadOf(figures.map(({ imagesPerSecond }) => imagesPerSecond)),
    stepMs: spreadOf(figures.map(({ stepMs }) => stepMs)),
    // What others do costs time and no memory.
    peakRssMiB: spreadOf(kept.map(({ peakRssMiB }) => peakRssMiB)),
    blocks: kept.length,
    disturbed: kept.filter(({ isSpoiled }) => isSpoiled).length,
    spoiled: own.filter(({ outcome }) => outcome.kind === "measured" && outcome.isSpoiled).length,
    failed: failures.at(-1) ?? null
  }
}

/** Two rows by the rounds in which both have figures: drift meets them alike, so each round is compared for itself. */
const pairsOf = (
  blocks: ReadonlyArray<Block>,
  a: string,
  b: string,
  compare: (a: Kept, b: Kept) => number
) => {
  const others = new Map(keptOf(blocks, b).map((kept) => [kept.round, kept]))
  const pairs = keptOf(blocks, a).flatMap((kept) => {
    const other = others.get(kept.round)
    if (other === undefined) return []
    return [{ value: compare(kept, other), isSpoiled: kept.isSpoiled || other.isSpoiled }]
  })
  const counted = clean(pairs)
  const spread = spreadOf(counted.map(({ value }) => value))
  return spread && { spread, rounds: counted.length, isDisturbed: counted.some(({ isSpoiled }) => isSpoiled) }
}

const comparisonOf = (
  blocks: ReadonlyArray<Block>,
  rows: ReadonlyArray<RowSummary>,
  queueSize: number
): ReadonlyArray<Comparison> => {
  const measured = rows.filter((row) => row.queueSize === queueSize && row.imagesPerSecond !== null)
  const ours = measured.find(({ program }) => program === "ours")
  const best = measured
    .filter(({ program }) => program !== "ours")
    .sort((a, b) => b.imagesPerSecond!.median - a.imagesPerSecond!.median)[0]
  if (ours === undefined || best === undefined) return []
  const pairs = pairsOf(blocks, ours.row, best.row, (a, b) => a.imagesPerSecond / b.imagesPerSecond)
  if (pairs === null) return []
  const memoryRatio = ours.peakRssMiB!.median / best.peakRssMiB!.median
  const { isDisturbed, rounds, spread } = pairs
  return [{ queueSize, best: best.row, ratio: spread, rounds, isDisturbed, memoryRatio }]
}

/** What the blocks of a case, finished or not, have come to. */
export const summarise = (
  aCase: Case,
  programs: ReadonlyArray<Program>,
  allBlocks: ReadonlyArray<Block>
): CaseSummary => {
  const blocks = allBlocks.filter((block) => block.case === aCase.name)
  const cells = rowsOf(aCase, programs)
  const rows = cells.map((row) => summaryOf(blocks, row))
  const queueSizes = [...new Set(rows.map(({ queueSize }) => queueSize))]
  const [from, to] = queueSizes
  const growth = [...new Set(cells.map(({ program }) => program))].flatMap((program) => {
    const [small, large] = rows.filter((row) => row.program === program)
    if (small === undefined || large === undefined) return []
    const pairs = pairsOf(blocks, large.row, small.row, (a, b) => a.stepMs - b.stepMs)
    if (pairs === null) return []
    return [{ program, from: from!, to: to!, differenceMs: pairs.spread, isDisturbed: pairs.isDisturbed }]
  })
  const comparisons = queueSizes.flatMap((queueSize) => comparisonOf(blocks, rows, queueSize))
  return { name: aCase.name, rows, comparisons, growth }
}
