import { addEqualityTesters } from "@effect/vitest"
import { Arbitrary } from "effect"
import fc from "fast-check"

/**
 * One seed and one run count for both property engines: `TEST_SEED=5 TEST_RUNS=17 npm test`.
 * TensorFlow's own log lines stay out of the test output.
 */
addEqualityTesters()
process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2"
const seed = process.env["TEST_SEED"]
const runs = Number(process.env["TEST_RUNS"] ?? 100)
fc.configureGlobal({ numRuns: runs, ...(seed === undefined ? {} : { seed: Number(seed) }) })
Arbitrary.configureGlobal({ check: { runs, ...(seed === undefined ? {} : { seed }) } })
