import { lastLines, run } from "@moco/native/setup/Command"
import { Effect, Schema } from "effect"

/** Figures differ from those of numpy and scikit-learn, or these could not be asked. */
export class OraclesDiffer extends Schema.TaggedError<OraclesDiffer>()("OraclesDiffer", {
  problem: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `${this.problem}\n  ${this.hint}`
  }
}

const Numbers = Schema.Array(Schema.Finite)

/** What oracles.py finds of the first images. */
export const Found = Schema.Struct({
  nearest: Numbers,
  votes200: Numbers,
  votes20: Numbers,
  averagePrecision: Numbers,
  precisionAt10: Numbers,
  uniformity: Schema.Finite,
  alignment: Schema.Finite,
  deviation: Schema.Finite,
  rankMe: Schema.Finite,
  effectiveRank: Schema.Finite,
  inertia: Schema.Finite,
  clusters: Numbers,
  nmi: Schema.Finite,
  ari: Schema.Finite,
  confusion: Numbers
})
export type Found = typeof Found.Type

/** What scikit-learn's LogisticRegression came to, and how long it took. */
export const Fitted = Schema.Struct({
  seconds: Schema.Finite,
  loss: Schema.Finite,
  iterations: Schema.Int
})

/** Runs oracles.py, on as many threads as we have, and reads the line that it ends with. */
export const ask = Effect.fn("oracles.ask")(function* <A>(
  python: string,
  args: ReadonlyArray<string>,
  threads: number,
  Answer: Schema.Codec<A, string>
) {
  const script = `${import.meta.dirname}/oracles.py`
  const { exitCode, output } = yield* run(python, [script, ...args], {
    OMP_NUM_THREADS: String(threads),
    OPENBLAS_NUM_THREADS: String(threads)
  })
  if (exitCode !== 0) {
    return yield* new OraclesDiffer({
      problem: `${python} could not run ${script}:\n${lastLines(output)}`,
      hint: "name a Python that has numpy and scikit-learn: --python=PYTHON"
    })
  }
  return yield* Schema.decodeUnknownEffect(Answer)(output.trimEnd().split("\n").at(-1))
})
