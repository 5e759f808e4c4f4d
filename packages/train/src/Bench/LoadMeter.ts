import { fieldsAfterName, procField } from "@moco/core/procStat"
import { Context, Effect, FileSystem, Layer } from "effect"

/** What the kernel has counted since it started, in clock ticks (usually 10 ms). */
export interface LoadReading {
  /** Time of all cores, whatever they did. */
  readonly total: number
  /** Time in which a core worked for anyone, and time that was taken from it by another virtual machine ("steal"). */
  readonly busy: number
  /** Time in which a core worked for this process. */
  readonly own: number
}

/** Who used the processor between two readings, in ticks of all cores. */
export interface Usage {
  readonly total: number
  readonly others: number
}

/** Tells how much of the machine is used by others: figures taken then are not the program's alone. */
export class LoadMeter extends Context.Service<
  LoadMeter,
  {
    /** Nothing where the system does not tell. */
    readonly read: Effect.Effect<LoadReading | undefined>
  }
>()("@moco/train/Bench/LoadMeter") {
  /** From `/proc` of Linux. Of a container it tells what the whole machine does. */
  static readonly layer = Layer.effect(
    LoadMeter,
    Effect.map(FileSystem.FileSystem, (fileSystem) =>
      LoadMeter.of({
        read: Effect.all([
          fileSystem.readFileString("/proc/stat"),
          fileSystem.readFileString("/proc/self/stat")
        ]).pipe(
          Effect.map(([machine, own]) => readingOf(machine, own)),
          Effect.orElseSucceed(() => undefined)
        )
      })
    )
  )
}

/** @param machine  text of `/proc/stat`;  @param own  text of `/proc/self/stat` */
export const readingOf = (machine: string, own: string): LoadReading | undefined => {
  // Time of guests, the two numbers after these eight, is part of `user` and `nice` already.
  const times = /^cpu +(.*)$/m.exec(machine)?.[1]?.split(/ +/).slice(0, 8).map(Number)
  const ownTimes = fieldsAfterName(own)
    .slice(procField.userTime, procField.systemTime + 1)
    .map(Number)
  if (times?.length !== 8 || ownTimes.length !== 2 || ![...times, ...ownTimes].every(Number.isFinite)) {
    return undefined
  }
  const [, , , idle, waiting] = times
  const total = sum(times)
  return { total, busy: total - idle! - waiting!, own: sum(ownTimes) }
}

/** Who used the processor from one reading to a later one. The two files are counted apart, so no number is exact. */
export const usageBetween = (
  from: LoadReading | undefined,
  to: LoadReading | undefined
): Usage | undefined => {
  if (from === undefined || to === undefined) return undefined
  const total = Math.max(0, to.total - from.total)
  const others = to.busy - from.busy - (to.own - from.own)
  return { total, others: Math.min(total, Math.max(0, others)) }
}

/** Usage of several stretches of time as that of one; nothing where one of them is not known. */
export const addUsage = (usages: ReadonlyArray<Usage | undefined>): Usage | undefined =>
  usages.reduce(
    (all, usage) => all && usage && { total: all.total + usage.total, others: all.others + usage.others },
    { total: 0, others: 0 }
  )

/** Part of the machine, 0 to 1, that others used: 1 is all cores. */
export const othersShare = (usage: Usage | undefined): number | null => {
  if (usage === undefined) return null
  return usage.total === 0 ? 0 : usage.others / usage.total
}

/** Ticks of others that mean nothing: each of the two files is rounded to a tick. */
const resolution = 2

/** Whether others used more than `threshold` (0 to 1) of the machine; not where it is not known. */
export const exceeds = (usage: Usage | undefined, threshold: number): boolean =>
  usage !== undefined && usage.others > threshold * usage.total + resolution

const sum = (values: ReadonlyArray<number>): number => values.reduce((total, value) => total + value, 0)
