import * as Stage from "@moco/core/Stage"
import { Context, Effect, Layer } from "effect"
import { Evaluation } from "./Evaluation.ts"

/** The evaluations of a run, side by side; none where nothing is evaluated. */
export class Evaluations extends Context.Service<Evaluations, ReadonlyArray<Evaluation["Service"]>>()(
  "@moco/evaluation/Evaluations"
) {
  /** Builds each of `layers`, in this order; names and metrics must differ. */
  static readonly layer = <E, R>(layers: ReadonlyArray<Layer.Layer<Evaluation, E, R>>) =>
    Layer.effect(
      Evaluations,
      Effect.gen(function* () {
        const all = yield* Effect.forEach(layers, (layer) =>
          Effect.map(Layer.build(layer), (context) => Context.get(context, Evaluation))
        )
        const names = all.map(({ name }) => name)
        const metrics = all.flatMap(({ metrics }) => metrics.map(({ metric }) => metric))
        yield* Stage.check(
          "Evaluations",
          distinct("name", names),
          distinct("metric", metrics),
          ...all.map(({ everyEpochs, name }) =>
            Stage.count(`${name}.everyEpochs`, everyEpochs, "epochs between evaluations")
          )
        )
        return Evaluations.of(all)
      })
    )
}

const distinct = (field: string, names: ReadonlyArray<string>): Stage.Need => {
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  const hint = "give each evaluation, and each of its metrics, a name of its own"
  return Stage.that(twice === undefined, field, twice, "is the name of two of them", hint)
}
