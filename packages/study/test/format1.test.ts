import { readFileSync } from "node:fs"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { knnAccuracy } from "@moco/evaluation/Evaluation/Knn"
import { measured } from "@moco/evaluation/Measurement"
import { resultsOf } from "@moco/study/results"
import { plan } from "@moco/study/Study"
import { readTrials, StudyRecord } from "@moco/study/StudyRecord"
import { studies } from "@moco/study/studies"
import { recipes } from "@moco/train/recipes"
import { Effect, FileSystem } from "effect"
import { planned } from "./studyFixture.ts"

const results = `${import.meta.dirname}/../../../results`

const inFolder = <A, E>(test: (folder: string) => Effect.Effect<A, E, NodeServices.NodeServices>) =>
  Effect.gen(function* () {
    yield* test(yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped())
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

const written = (lines: ReadonlyArray<object>) => (folder: string) =>
  Effect.gen(function* () {
    const path = `${folder}/trials.jsonl`
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("")
    yield* (yield* FileSystem.FileSystem).writeFileString(path, text)
    return yield* readTrials(path)
  })

const failed = {
  ...{ time: "2026-01-01T00:00:00.000Z", trial: "abc", settings: { m: 0 }, seed: 1, seconds: 3 },
  ...{ runFolder: "runs/abc", epochs: [{ epoch: 1, loss: "NaN", pretextAccuracy: 0.5 }] },
  ...{ outcome: "failed", exitCode: 5, reason: "loss is NaN", isFinal: true }
}

describe("A study record of format 1", () => {
  it.effect("is read as it would be written today, with every number", () =>
    Effect.gen(function* () {
      const file = `${results}/dictionary/trials.jsonl`
      const [line] = readFileSync(file, "utf8").split("\n")
      const old = JSON.parse(line!)
      assert.notProperty(old, "format")
      const [first] = yield* readTrials(file)
      const { chanceLoss, epochs, evaluations, ...same } = old
      assert.deepInclude(first, {
        ...same,
        format: 2,
        levels: { chanceLoss },
        epochs: epochs.map(({ epoch, ...metrics }: { epoch: number }) => ({ epoch, metrics }))
      })
      const found = first?.outcome === "completed" ? first.measurements : []
      assert.deepStrictEqual(found.slice(0, 6), [
        measured(knnAccuracy(200), "raw pixels", 0.7715),
        measured(knnAccuracy(20), "raw pixels", 0.817),
        measured(knnAccuracy(200), "untrained encoder", 0.66),
        measured(knnAccuracy(20), "untrained encoder", 0.728),
        measured(knnAccuracy(200), "trained encoder", 0.782),
        measured(knnAccuracy(20), "trained encoder", 0.8025)
      ])
      assert.deepStrictEqual(
        found.slice(6).map(({ metric, value }) => [metric, value]),
        [
          ["loss", epochs.at(-1).loss],
          ["pretext accuracy", epochs.at(-1).pretextAccuracy]
        ]
      )
    }).pipe(Effect.provide(NodeServices.layer))
  )

  for (const name of ["dictionary", "momentum", "queue-size"]) {
    it.effect(`of ${name} gives the figures that its report has`, () =>
      Effect.gen(function* () {
        const definition = studies[name]!()
        const study = yield* plan(definition, recipes[definition.recipe]!())
        const { cells, comparisons, numCompleted } = resultsOf(
          study,
          yield* readTrials(`${results}/${name}/trials.jsonl`)
        )
        const report = JSON.parse(readFileSync(`${results}/${name}/cells.json`, "utf8"))
        assert.strictEqual(numCompleted, report.numCompleted)
        assert.strictEqual(numCompleted, study.trials.length)
        assert.deepStrictEqual(
          cells.map(({ estimate, settings }) => [settings, estimate!.mean, estimate!.std, estimate!.n]),
          report.cells.map((cell: Record<string, unknown>) => [
            cell["settings"],
            cell["mean"],
            cell["std"],
            cell["n"]
          ])
        )
        assert.deepStrictEqual(
          comparisons.map(({ difference }) => difference!.mean),
          report.comparisons.map((comparison: { difference: { mean: number } }) => comparison.difference.mean)
        )
      }).pipe(Effect.provide(NodeServices.layer))
    )
  }

  it.effect("keeps a failed run, and a loss that is no number", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const [trial] = yield* written([failed])(folder)
        assert.deepInclude(trial, { outcome: "failed", reason: "loss is NaN", isFinal: true })
        assert.deepStrictEqual(trial!.epochs, [
          { epoch: 1, metrics: { loss: Number.NaN, pretextAccuracy: 0.5 } }
        ])
      })
    )
  )

  it.effect("is refused by line where it is damaged", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        for (const [line, problem] of [
          [{ ...failed, outcome: "completed", evaluations: { encoder: 3 } }, "measurements"],
          [{ ...failed, seconds: "long" }, "seconds"]
        ] as const) {
          const error = yield* Effect.flip(written([failed, line])(folder))
          assert.strictEqual(error._tag, "StudyRecordCorrupt")
          assert.include(error.message, "line 2")
          assert.include(error.message, problem)
        }
      })
    )
  )

  it.effect("of a newer program is not called damaged: nothing of it is to be removed", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(written([failed, { ...failed, format: 3 }])(folder))
        assert.strictEqual(error._tag, "StudyRecordError")
        assert.include(error.message, "line 2: it has format 3, and this program reads up to 2")
        assert.include(error.message, "go on with the program that has written it, or a newer one")
      })
    )
  )

  it.effect("lies in a folder whose study.json calls settings by the names that they had", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const study = yield* planned({ set: { "evaluations.knn.everyEpochs": 2 } })
        const opened = Effect.flatMap(StudyRecord, ({ all }) => all).pipe(
          Effect.provide(StudyRecord.layerFolder(folder, study))
        )
        const before = { ...study.definition, set: { "evaluation.everyEpochs": 2 }, neighbours: 200 }
        yield* fileSystem.writeFileString(`${folder}/study.json`, JSON.stringify(before))
        assert.deepStrictEqual(yield* opened, [])
        const other = { ...before, set: { "evaluation.everyEpochs": 3 } }
        yield* fileSystem.writeFileString(`${folder}/study.json`, JSON.stringify(other))
        const error = yield* Effect.flip(opened)
        assert.strictEqual(error._tag, "StudyFolderOccupied")
      })
    )
  )
})
