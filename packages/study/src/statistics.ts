import { criticalT } from "@moco/evaluation/studentT"
import type { Estimate } from "./Report.ts"

/**
 * Mean, sample standard deviation and 95 % t-interval `mean +- t(n - 1) * std / sqrt(n)`.
 *
 * A single value has a mean and nothing else; no value has no estimate. Values must be finite.
 *
 * @param coverage  of the interval, in place of 95 %
 */
export const estimate = (values: ReadonlyArray<number>, coverage = 0.95): Estimate | undefined => {
  const n = values.length
  if (n === 0) return undefined
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  if (n === 1) return { mean, n }
  const std = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1))
  const half = (criticalT(coverage, n - 1) * std) / Math.sqrt(n)
  return { mean, std, n, ci: { low: mean - half, high: mean + half } }
}
