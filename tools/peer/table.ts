import * as Escape from "@moco/core/Escape"
import { shorten } from "@moco/train/RunConfig/Problem"
import { type Case, describe, programs } from "./Case.ts"
import type { CaseSummary, RowSummary, Spread } from "./summary.ts"

/** A case's results as rows of words, for the terminal and for Markdown. */
export interface Table {
  readonly title: string
  readonly header: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
  readonly notes: ReadonlyArray<string>
}

const header = [
  "program",
  "images/s (min..max)",
  "ours is",
  "step ms",
  "peak MiB",
  "ours takes",
  "blocks (disturbed)"
]

export const tableOf = (
  aCase: Case,
  { comparisons, growth, rows }: CaseSummary,
  options: { readonly threads: number; readonly augment: boolean }
): Table => {
  const manySizes = aCase.grownQueueSize !== undefined
  const labelOf = ({ program, queueSize }: Pick<RowSummary, "program" | "queueSize">) =>
    manySizes ? `${programs[program]}, K ${queueSize}` : programs[program]
  const oursAt = (size: number) =>
    rows.find(({ program, queueSize }) => program === "ours" && queueSize === size)
  const lineOf = (row: RowSummary) => {
    const ours = row.program === "ours" ? undefined : oursAt(row.queueSize)
    return [
      labelOf(row),
      spread(row.imagesPerSecond),
      times(ours?.imagesPerSecond, row.imagesPerSecond),
      row.stepMs === null ? "-" : number(row.stepMs.median),
      row.peakRssMiB === null ? "-" : row.peakRssMiB.median.toFixed(0),
      times(ours?.peakRssMiB, row.peakRssMiB),
      `${row.blocks}${row.disturbed === 0 ? "" : ` (${row.disturbed})`}${row.failed === null ? "" : ", failed"}`
    ]
  }
  const queue = manySizes ? "" : `, K ${aCase.settings.queueSize}`
  return {
    title:
      `${aCase.name}: ${describe(aCase.settings)}${queue}, ` +
      `augmentation ${options.augment ? "on" : "off"}, ${options.threads} threads`,
    header,
    rows: rows.map(lineOf),
    notes: [
      ...comparisons.map(({ best, isDisturbed, memoryRatio, queueSize, ratio, rounds }) => {
        const bestRow = rows.find(({ row }) => row === best)!
        const size = manySizes ? ` at K ${queueSize}` : ""
        return (
          `ours / ${programs[bestRow.program]} (PyTorch's fastest)${size}: ` +
          `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}..${ratio.max.toFixed(2)}, ${rounds} rounds` +
          `${isDisturbed ? ", disturbed" : ""}); peak memory ${memoryRatio.toFixed(2)} times`
        )
      }),
      ...growth.map(
        ({ differenceMs, from, isDisturbed, program, to }) =>
          `${programs[program]}, K ${from} to ${to}: step ${signed(differenceMs.median)} ms ` +
          `(${signed(differenceMs.min)}..${signed(differenceMs.max)}${isDisturbed ? ", disturbed" : ""})`
      ),
      ...rows.flatMap((row) => (row.failed === null ? [] : [`${labelOf(row)} failed: ${row.failed}`]))
    ]
  }
}

/** @returns  lines for the terminal */
export const render = ({ header, notes, rows, title }: Table): string => {
  const widths = header.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]!.length))
  )
  const line = (cells: ReadonlyArray<string>) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join("  ")
  return [title, line(header), ...rows.map(line), ...notes].join("\n")
}

/** @returns  a Markdown section */
export const renderMarkdown = ({ header, notes, rows, title }: Table): string => {
  const line = (cells: ReadonlyArray<string>) => `| ${cells.map(Escape.markdown).join(" | ")} |`
  const rule = header.map((_, column) => (column === 0 ? "---" : "---:"))
  return [
    `### ${Escape.markdown(title)}`,
    "",
    line(header),
    `| ${rule.join(" | ")} |`,
    ...rows.map(line),
    "",
    ...notes.map((note) => `- ${Escape.markdownBlock(shorten(note, 400))}`)
  ].join("\n")
}

/** Three figures that count, where there is a fraction to show. */
const number = (value: number): string =>
  value.toFixed(Math.max(0, 2 - Math.floor(Math.log10(Math.max(1, value)))))

const signed = (value: number): string => `${value < 0 ? "-" : "+"}${number(Math.abs(value))}`

const spread = (values: Spread | null): string =>
  values === null ? "-" : `${number(values.median)} (${number(values.min)}..${number(values.max)})`

const times = (ours: Spread | null | undefined, theirs: Spread | null): string =>
  ours && theirs ? `${(ours.median / theirs.median).toFixed(2)} x` : "-"
