import { assert, describe, it } from "@effect/vitest"
import { applyOverrides, decode, RunConfig, warnings } from "@moco/train/RunConfig"
import { validConfig } from "@moco/train/testing/validConfig"
import { Effect, Schema } from "effect"
import fc from "fast-check"

/** What is wrong with `validConfig` when `sets` are laid over it. */
const problemsOf = (sets: Readonly<Record<string, string>>) =>
  Effect.map(Effect.flip(applyOverrides(validConfig, [], sets)), ({ problems }) => problems)

describe("RunConfig", () => {
  it.effect("accepts a valid config and gives it back unchanged", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* decode(validConfig), validConfig)
      const text = JSON.stringify(Schema.encodeSync(RunConfig)(validConfig))
      assert.deepStrictEqual(yield* decode(JSON.parse(text)), validConfig)
    })
  )

  it.effect("lays files and then --set over a recipe; lists replace, values are JSON where they can be", () =>
    Effect.gen(function* () {
      const config = yield* applyOverrides(
        validConfig,
        [{ loss: { temperature: 0.5 }, encoder: { layers: [2] } }],
        {
          "loss.temperature": "0.07",
          "data.evaluationSplit": "validation"
        }
      )
      assert.strictEqual(config.loss.temperature, 0.07)
      assert.deepStrictEqual(config.encoder.layers, [2])
      assert.strictEqual(config.data.evaluationSplit, "validation")
    })
  )

  it.effect("drops what another kind of schedule does not know when the kind changes", () =>
    Effect.gen(function* () {
      const stepped = yield* applyOverrides(
        validConfig,
        [{ optimizer: { schedule: { kind: "step", milestones: [4, 8], factor: 0.1 } } }],
        {}
      )
      const back = yield* applyOverrides(stepped, [], { "optimizer.schedule.kind": "constant" })
      assert.deepStrictEqual(back.optimizer.schedule, { kind: "constant" })
    })
  )

  it.effect("reports everything that is wrong at once, each with path, value and hint", () =>
    Effect.gen(function* () {
      const problems = yield* problemsOf({
        "loss.temprature": "0.1",
        "optimizer.learningRate": "-1",
        "training.batchSize": "9000",
        "encoder.stem": "cifarr"
      })
      const byPath = Object.fromEntries(problems.map((problem) => [problem.path, problem]))
      assert.sameMembers(Object.keys(byPath), [
        "loss.temprature",
        "optimizer.learningRate",
        "training.batchSize",
        "encoder.stem"
      ])
      assert.include(byPath["loss.temprature"]!.hint, "temperature")
      assert.strictEqual(byPath["optimizer.learningRate"]!.value, "-1")
      assert.include(byPath["training.batchSize"]!.problem, "8000")
      assert.include(byPath["encoder.stem"]!.value, "cifarr")
      const { message } = yield* Effect.flip(
        applyOverrides(validConfig, [], { "optimizer.learningRate": "-1" })
      )
      assert.include(message, "optimizer.learningRate = -1")
    })
  )

  const refused: ReadonlyArray<readonly [string, string]> = [
    ["seed", "-1"],
    ["seed", "4294967296"],
    ["seed", "1.5"],
    ["data.name", "imagenet"],
    ["data.evaluationSplit", "train"],
    ["data.imageSize", "0"],
    ["data.imageSize", "1025"],
    ["data.imageSize", "27.5"],
    ["data.judge", "test"],
    ["augmentation.flip", "1.1"],
    ["augmentation.jitter", "-0.1"],
    ["augmentation.brightness", "-1"],
    ["augmentation.cropScale.min", "0"],
    ["augmentation.cropScale.max", "1.5"],
    ["augmentation.cropRatio.min", "0"],
    ["augmentation.cropScale", '{"min":0.9,"max":0.2}'],
    ["augmentation.cropScale.min", "0.0001"],
    ["encoder.layers", "[]"],
    ["encoder.layers", "[0]"],
    ["encoder.width", "0"],
    ["encoder.featureSize", "0"],
    ["encoder.batchNormGroups", "3"],
    ["encoder.batchNormGroups", "128"],
    ["encoder.block", "dense"],
    ["encoder.groups", "0"],
    ["encoder.groups", "2.5"],
    ["encoder.groupWidth", "65537"],
    ["dictionary.size", "0"],
    ["dictionary.kind", "stack"],
    ["dictionary", '{"kind":"memoryBank","size":64,"entryMomentum":1,"redrawOwn":false}'],
    ["dictionary", '{"kind":"endToEnd","weights":"tied"}'],
    ["momentum", '{"kind":"cosine","m":2}'],
    ["momentum.m", "1.01"],
    ["momentum.m", "-0.1"],
    ["loss.temperature", "0"],
    ["loss.symmetric", "yes"],
    ["keyShuffle.kind", "always"],
    ["optimizer.learningRate", "0"],
    ["optimizer.momentum", "1"],
    ["optimizer.weightDecay", "-1"],
    ["optimizer.schedule", '{"kind":"step","milestones":[8,4],"factor":0.1}'],
    ["optimizer.schedule", '{"kind":"step","milestones":[12],"factor":0.1}'],
    ["training.epochs", "0"],
    ["training.batchSize", "0"],
    ["training.batchSize", "8004"],
    ["evaluations.knn.k", "[]"],
    ["evaluations.knn.k", "[8001]"],
    ["evaluations.knn.everyEpochs", "0"],
    ["evaluations.knn.temperature", "0"],
    ["backend.threads", "0"],
    ["backend.name", "gpu"],
    ["optimizer.learningRate", "NaN"]
  ]
  for (const [path, value] of refused) {
    it.effect(`refuses ${path} = ${value}`, () =>
      Effect.map(problemsOf({ [path]: value }), (problems) => {
        assert.isNotEmpty(problems)
        for (const problem of problems) assert.isNotEmpty(problem.problem)
        assert.isTrue(
          problems.some((problem) => problem.path.startsWith(path.split(".")[0]!)),
          JSON.stringify(problems)
        )
      })
    )
  }

  const contradictions: ReadonlyArray<readonly [Record<string, string>, string, string]> = [
    [{ "keyShuffle.kind": "plain" }, "keyShuffle.kind", "batchNormGroups is 4"],
    [{ "loss.kind": "nce" }, "loss.kind", "dictionary.kind is queue"],
    [
      { "data.name": "stl10-unlabelled", "evaluations.knn.k": "[5001]" },
      "evaluations.knn.k[0]",
      "must be at most 5000"
    ],
    [{ "encoder.groups": "2" }, "encoder.groups", "is of bottlenecks"],
    [{ "encoder.groupWidth": "8" }, "encoder.groupWidth", "is of bottlenecks"],
    [{ "encoder.block": "bottleneck", "encoder.groups": "3" }, "encoder.groups", "must divide the width"],
    [
      {
        dictionary: '{"kind":"endToEnd","weights":"shared"}',
        "training.batchSize": "1",
        "encoder.batchNormGroups": "1"
      },
      "training.batchSize",
      "leaves no negative"
    ]
  ]
  for (const [sets, path, words] of contradictions) {
    it.effect(`refuses ${JSON.stringify(sets)}: ${path} contradicts another setting`, () =>
      Effect.map(problemsOf(sets), (problems) => {
        const found = problems.find((problem) => problem.path === path && problem.problem.includes(words))
        assert.isDefined(found, JSON.stringify(problems))
        assert.isNotEmpty(found!.hint)
      })
    )
  }

  it.effect("says what a mechanism needs when only its kind was changed", () =>
    Effect.map(problemsOf({ "dictionary.kind": "memoryBank" }), (problems) => {
      assert.deepStrictEqual(
        problems.map(({ path }) => path),
        ["dictionary.entryMomentum", "dictionary.redrawOwn"]
      )
    })
  )

  it.effect("names a key that is missing", () =>
    Effect.gen(function* () {
      const { loss: _, ...rest } = validConfig
      const { problems } = yield* Effect.flip(decode(rest))
      assert.deepStrictEqual(
        problems.map(({ path }) => path),
        ["loss"]
      )
    })
  )

  it("always refuses a config with one unknown key, wherever it stands, and names it", async () => {
    const sections = [
      "",
      "data",
      "augmentation",
      "augmentation.cropScale",
      "encoder",
      "dictionary",
      "loss",
      "optimizer",
      "optimizer.schedule",
      "backend"
    ]
    const key = fc.stringMatching(/^[a-z]{1,12}$/)
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...sections), key, fc.jsonValue(), async (section, key, value) => {
        const path = section === "" ? key : `${section}.${key}`
        const exists = path
          .split(".")
          .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], validConfig)
        fc.pre(exists === undefined)
        const problems = await Effect.runPromise(problemsOf({ [path]: JSON.stringify(value) }))
        assert.isTrue(
          problems.some((problem) => problem.path === path),
          JSON.stringify(problems)
        )
      })
    )
  })

  it("never refuses a config whose values are all in range", async () => {
    const config = fc.record({
      batch: fc.constantFrom(8, 64, 128, 256),
      groups: fc.constantFrom(1, 2, 4),
      size: fc.integer({ min: 1, max: 70_000 }),
      m: fc.double({ min: 0, max: 1, noNaN: true }),
      temperature: fc.double({ min: 0.01, max: 10, noNaN: true }),
      seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      layers: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 })
    })
    await fc.assert(
      fc.asyncProperty(config, async ({ batch, groups, layers, m, seed, size, temperature }) => {
        const changed = await Effect.runPromise(
          applyOverrides(validConfig, [], {
            seed: String(seed),
            "training.batchSize": String(batch),
            "encoder.batchNormGroups": String(groups),
            "encoder.layers": JSON.stringify(layers),
            "dictionary.size": String(size),
            "momentum.m": String(m),
            "loss.temperature": String(temperature)
          })
        )
        assert.deepStrictEqual(changed, {
          ...validConfig,
          seed,
          training: { ...validConfig.training, batchSize: batch },
          encoder: { ...validConfig.encoder, batchNormGroups: groups, layers },
          dictionary: { kind: "queue", size },
          momentum: { kind: "ema", m },
          loss: { ...validConfig.loss, temperature }
        })
      })
    )
  })

  it.effect("tells how many images are left over in an epoch, where they are many", () =>
    Effect.gen(function* () {
      const leftOver = (batchSize: number) =>
        Effect.map(
          applyOverrides(validConfig, [], {
            "training.batchSize": String(batchSize),
            "encoder.batchNormGroups": "1"
          }),
          (config) => warnings(config).find(({ path }) => path === "training.batchSize")?.message
        )
      assert.include(yield* leftOver(4001), "3999 of 8000 images (50 %) are left over in every epoch")
      assert.include(yield* leftOver(7400), "600 of 8000 images (8 %)")
      for (const usual of [128, 256, 500, 4000, 8000]) assert.isUndefined(yield* leftOver(usual))
    })
  )

  it.effect("warns of what is allowed and unwise", () =>
    Effect.gen(function* () {
      const of = (sets: Readonly<Record<string, string>>) =>
        Effect.map(applyOverrides(validConfig, [], sets), (config) =>
          warnings(config).map(({ path }) => path)
        )
      assert.deepStrictEqual(yield* of({}), [])
      assert.deepStrictEqual(yield* of({ "dictionary.size": "16384" }), ["dictionary.size"])
      assert.deepStrictEqual(yield* of({ "dictionary.size": "1000" }), ["dictionary.size"])
      assert.deepStrictEqual(yield* of({ "dictionary.size": "128", "loss.symmetric": "true" }), [
        "dictionary.size"
      ])
      assert.deepStrictEqual(yield* of({ "encoder.batchNormGroups": "1" }), ["keyShuffle.kind"])
      assert.deepStrictEqual(yield* of({ "encoder.batchNormGroups": "1", "keyShuffle.kind": "none" }), [])
    })
  )
})
