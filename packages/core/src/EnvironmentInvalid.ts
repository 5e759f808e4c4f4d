import { Effect, Schema } from "effect"

/** A variable of the environment has a value that the program, or a library that it loads, cannot take. */
export class EnvironmentInvalid extends Schema.TaggedError<EnvironmentInvalid>()("EnvironmentInvalid", {
  problems: Schema.Array(
    Schema.Struct({ name: Schema.String, value: Schema.String, problem: Schema.String, hint: Schema.String })
  )
}) {
  override get message() {
    return this.problems
      .map(({ hint, name, problem, value }) => `${name}=${JSON.stringify(value)} ${problem}\n  ${hint}`)
      .join("\n")
  }
  /** What to do about the first of them. */
  get hint() {
    return this.problems[0]?.hint ?? ""
  }
}

type Environment = Readonly<Record<string, string | undefined>>

/** The most threads that are asked for: each takes memory, and TensorFlow ends the process where one cannot start. */
const maxThreads = 1024

/** A number as TensorFlow reads it. It takes 0 and what is no number for all cores, and ends the process at less. */
const threads = {
  accepts: (value: string) => /^[0-9]+$/.test(value) && Number(value) >= 1 && Number(value) <= maxThreads,
  problem: `is no whole number from 1 to ${maxThreads}`,
  hint: "unset it, and the config's backend.threads counts; or give the number of threads"
}

const rules: Readonly<Record<string, typeof threads>> = {
  TF_NUM_INTRAOP_THREADS: threads,
  TF_NUM_INTEROP_THREADS: threads,
  TF_ENABLE_ONEDNN_OPTS: {
    accepts: (value) => /^(?:0|1|true|false)$/i.test(value),
    problem: "is neither 0 nor 1",
    hint: "unset it, or give 1 to compute with oneDNN and 0 without"
  },
  MOCO_NATIVE_OPS: {
    accepts: (value) => /^[01]$/.test(value),
    problem: "is neither 0 nor 1",
    hint: "unset it, or give 0 to do without the project's own ops"
  }
}

/** Refuses an environment with such a value, all of them at once. An empty one counts as unset. */
export const check = (environment: Environment): Effect.Effect<void, EnvironmentInvalid> => {
  const problems = Object.entries(rules).flatMap(([name, { accepts, hint, problem }]) => {
    const value = environment[name] ?? ""
    return value === "" || accepts(value) ? [] : [{ name, value, problem, hint }]
  })
  return problems.length === 0 ? Effect.void : Effect.fail(new EnvironmentInvalid({ problems }))
}

/** Threads inside one operation: a variable of the user's goes before the config. */
export const threadsIn = (environment: Environment, threads: number): number =>
  Number(environment["TF_NUM_INTRAOP_THREADS"] || threads)
