import { addEqualityTesters } from "@effect/vitest"
import { Arbitrary } from "effect"
import fc from "fast-check"
import { variables } from "../packages/core/src/ProcessEnvironment.ts"

/**
 * One seed and one run count for both property engines: `TEST_SEED=5 TEST_RUNS=17 npm test`.
 * What is tested is computed as the program computes it, and TensorFlow's own log lines stay out of the output.
 */
addEqualityTesters()
for (const { beforeStart, name, value } of variables) if (!beforeStart) process.env[name] ??= value
const seed = process.env["TEST_SEED"]
const runs = Number(process.env["TEST_RUNS"] ?? 100)
fc.configureGlobal({ numRuns: runs, ...(seed === undefined ? {} : { seed: Number(seed) }) })
Arbitrary.configureGlobal({ check: { runs, ...(seed === undefined ? {} : { seed }) } })
