import * as Escape from "@moco/core/Escape"
import type { BenchReport, Workload } from "@moco/train/Bench"
import { indented } from "../../commandLine/wrap.ts"
import type { BenchFlags } from "./workload.ts"

/** What is about to be measured, in a line or two. */
export const renderWorkload = (flags: BenchFlags, { config }: Pick<Workload, "config">): string => {
  const { augment, batchSize, bnGroups, channels, encoder, imageSize, queueSize } = flags
  const groups = bnGroups === 1 ? "ordinary batch norm" : `${bnGroups} batch-norm groups`
  const stem = `${stems[config.encoder.stem]}${flags.stem._tag === "Some" ? "" : ` (for images of ${imageSize} pixels; --stem chooses)`}`
  const images = `images of ${imageSize} x ${imageSize} x ${channels}`
  return indented(
    [
      `${encoder} with ${stem}`,
      images,
      `batch ${batchSize}`,
      `K ${queueSize}`,
      groups,
      `augmentation ${augment}`
    ].join(", "),
    0
  ).join("\n")
}

const stems = { cifar: "a CIFAR stem", imagenet: "an ImageNet stem" }

/** What was measured, for people: where the time of a step goes, and how that compares with what the machine can do. */
export const renderReport = (report: BenchReport): string => {
  const { backend, load, machine, stepMs } = report
  const part = (milliseconds: number) => `${((100 * milliseconds) / stepMs.median).toFixed(1)} %`
  const stage = (name: string, milliseconds: number) =>
    `${name.padEnd(14)}${milliseconds.toFixed(2).padStart(10)}${part(milliseconds).padStart(9)}`
  const measure = (name: string, value: string) => `${name.padEnd(22)}${value}`
  const ofPeak = ((100 * report.gflops) / machine.matmulGflops).toFixed(0)
  const range = `${stepMs.min.toFixed(2)} to ${stepMs.max.toFixed(2)} in ${report.numSteps} steps`
  return [
    `${backend.name} ${Escape.line(backend.version)} on ${backend.device}, ${machine.threads} threads; ${Escape.line(machine.cpu)}, ${machine.cores} cores`,
    "",
    "stage        median ms     part",
    ...Object.entries(report.stages).map(([name, milliseconds]) => stage(name, milliseconds)),
    `${stage("step", stepMs.median)}   ${range}`,
    "",
    measure(
      "images per second",
      `${report.imagesPerSecond.toFixed(1)} of a batch of ${report.workload.batchSize}`
    ),
    measure(
      "GFLOP/s",
      `${report.gflops.toFixed(1)}, ${ofPeak} % of the ${machine.matmulGflops.toFixed(1)} of a matrix product`
    ),
    ...(backend.nativeOps === null
      ? []
      : [measure("", "(counted as if by the direct form: Winograd's does with a quarter of the products)")]),
    measure("memory bandwidth", `${machine.memoryGBs.toFixed(1)} GB/s`),
    measure("peak memory", `${report.peakRssMiB.toFixed(0)} MiB`),
    measure("used by others", renderLoad(load)),
    ...(report.spoiled
      ? ["SPOILED: others used the machine while it was measured; measure again when it is quiet"]
      : [])
  ].join("\n")
}

const renderLoad = ({ after, before, during }: BenchReport["load"]): string => {
  const percent = (share: number | null) => (share === null ? "not known" : `${(100 * share).toFixed(0)} %`)
  return `${percent(during)} of the machine (before: ${percent(before)}, after: ${percent(after)})`
}
