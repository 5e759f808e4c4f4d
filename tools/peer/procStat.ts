import { fieldsAfterName, procField } from "@moco/core/procStat"

/** What the kernel has counted of the whole machine, in ticks of all cores. */
export interface MachineTicks {
  readonly total: number
  /** Time in which a core worked, and time that the host gave to others ("steal"). */
  readonly busy: number
}

/** @param text  of `/proc/stat` */
export const machineTicks = (text: string): MachineTicks | undefined => {
  // user nice system idle iowait irq softirq steal; what follows is part of user and nice already.
  const ticks = /^cpu +(.*)$/m.exec(text)?.[1]?.split(/ +/).slice(0, 8).map(Number)
  if (ticks?.length !== 8 || !ticks.every(Number.isFinite)) return undefined
  const total = sum(ticks)
  return { total, busy: total - ticks[3]! - ticks[4]! }
}

/** A process: its parent, and the ticks of itself and of those it started that have ended. */
export interface ProcessTicks {
  readonly pid: number
  readonly parent: number
  readonly ticks: number
}

/** @param text  of `/proc/<pid>/stat` */
export const processTicks = (text: string): ProcessTicks | undefined => {
  const fields = fieldsAfterName(text)
  const times = fields.slice(procField.userTime, procField.endedChildrenSystemTime + 1).map(Number)
  const found = {
    pid: Number.parseInt(text, 10),
    parent: Number(fields[procField.parent]),
    ticks: sum(times)
  }
  return times.length === 4 && Object.values(found).every(Number.isFinite) ? found : undefined
}

/** Ticks of the process `root` and of all that descend from it. */
export const treeTicks = (processes: ReadonlyArray<ProcessTicks>, root: number): number => {
  const childrenOf = Map.groupBy(processes, ({ parent }) => parent)
  const visit = (pid: number): number =>
    sum((childrenOf.get(pid) ?? []).map((child) => child.ticks + visit(child.pid)))
  return (processes.find(({ pid }) => pid === root)?.ticks ?? 0) + visit(root)
}

/** The counts at one instant; `own` are those of the comparison itself and of what it has started. */
export interface Sample extends MachineTicks {
  /** Milliseconds of a clock that does not jump. */
  readonly at: number
  readonly own: number
}

/** Part of the machine, 0 to 1 (all cores), that others used between two samples; nothing where no time has passed. */
export const foreignShare = (from: Sample, to: Sample): number | undefined => {
  const total = to.total - from.total
  if (total <= 0) return undefined
  const others = to.busy - from.busy - (to.own - from.own)
  return Math.min(1, Math.max(0, others / total))
}

/**
 * The largest share of others over any stretch of at least `leastMs`, and over the whole: a long warm-up must not hide
 * that the measured steps after it were disturbed.
 */
export const worstShare = (samples: ReadonlyArray<Sample>, leastMs: number): number | undefined => {
  const [first, last] = [samples[0], samples.at(-1)]
  if (first === undefined || last === undefined) return undefined
  const whole = foreignShare(first, last)
  const stretches = samples.flatMap((from, index) => {
    const to = samples.slice(index + 1).find(({ at }) => at - from.at >= leastMs)
    return to === undefined ? [] : [foreignShare(from, to) ?? 0]
  })
  return whole === undefined ? undefined : Math.max(whole, ...stretches)
}

const sum = (values: ReadonlyArray<number>): number => values.reduce((total, value) => total + value, 0)
