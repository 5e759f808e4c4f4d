import type { StudyDefinition } from "@moco/study/Study"

const point = (label: string, set: Record<string, unknown>) => ({ label, set })

/** An evaluation that only the untrained encoder has a value of. */
export const supervised = { everyEpochs: 1, labels: [1], epochs: 1, learningRate: 0.1, batchSize: 64 }

/** What a study is refused for: in words, how it differs from the valid one, and what the refusal says. */
export const refused: ReadonlyArray<readonly [string, Partial<StudyDefinition>, ReadonlyArray<string>]> = [
  [
    "an axis of an unknown setting, with the one that was meant",
    { axes: [{ setting: "loss.temprature", values: [0.1] }] },
    ["loss.temprature", "did you mean temperature?"]
  ],
  [
    "a value that no run may have, with the cell it is in",
    { axes: [{ setting: "momentum.m", values: [0.5, 2] }] },
    ["momentum.m, in m = 2", "2"]
  ],
  ["an axis without values", { axes: [{ setting: "momentum.m", values: [] }] }, ["axes[0].values", "empty"]],
  ["an axis that varies nothing", { axes: [{ name: "x" }] }, ["axes[0]", "gives nothing to vary"]],
  [
    "an axis with values and points",
    { axes: [{ name: "x", setting: "momentum.m", values: [0], points: [] }] },
    ["contradicts itself"]
  ],
  [
    "more cells than fit into the memory, before they are made",
    {
      axes: ["a", "b", "c", "d", "e", "f", "g"].map((name) => ({
        name,
        points: Array.from({ length: 40 }, (_, i) => point(`${i}`, { [`loss.${name}`]: i }))
      }))
    },
    ["axes = 163,840,000,000 cells", "must be at most 10,000 together"]
  ],
  [
    "more runs than anybody waits for, before they are laid out",
    {
      axes: [
        { name: "a", setting: "momentum.m", values: Array.from({ length: 100 }, (_, i) => i / 100) },
        { name: "b", setting: "dictionary.size", values: Array.from({ length: 100 }, (_, i) => i + 1) }
      ],
      seeds: Array.from({ length: 30_000 }, (_, i) => i)
    },
    ["seeds = 30,000 seeds: make 300,000,000 runs of 10,000 cells, and 20,000 are the most"]
  ],
  [
    "more cells than anybody trains, one by one",
    { axes: [], cells: Array.from({ length: 10_001 }, (_, a) => ({ settings: { a }, set: {} })) },
    ["cells = 10,001 cells", "must be at most 10,000 together"]
  ],
  [
    "more axes than a table has room for",
    { axes: Array.from({ length: 17 }, (_, i) => ({ name: `${i}`, setting: `a.${i}`, values: [1] })) },
    ["axes = ", "at most 16"]
  ],
  [
    "a point whose label cannot be shown",
    { axes: [{ name: "x", points: [point("a\u0001b", { "momentum.m": 0.5 })] }] },
    ["axes[0].points[0].label", String.raw`has a character that cannot be shown (\u0001)`]
  ],
  [
    "an axis whose name turns the direction of writing",
    { axes: [{ name: "m\u202e", setting: "momentum.m", values: [0.5] }] },
    ["axes[0].name", String.raw`has a character that cannot be shown (\u202e)`]
  ],
  [
    "a listed cell whose axis cannot be shown",
    { axes: [], cells: [{ settings: { "x\u001b": 1 }, set: { "momentum.m": 0.5 } }] },
    ["cells[0].settings", String.raw`has an axis "x\u001b", which cannot be a name`]
  ],
  [
    "a label as long as a book",
    { axes: [{ name: "x", points: [point("a".repeat(201), { "momentum.m": 0.5 })] }] },
    ["axes[0].points[0].label", "at most 200"]
  ],
  [
    "a claim, a source or a contrast that leads a terminal",
    {
      claims: [
        {
          statement: "\u001b[2J",
          paper: "p\n",
          expects: "above",
          contrasts: [{ label: "\ud800", terms: [] }]
        }
      ],
      published: { source: "\u200b", values: [] }
    },
    ["claims[0].statement", "claims[0].paper", "claims[0].contrasts[0].label", "published.source"]
  ],
  ["a grid without axes", { axes: [] }, ["the grid", "give axes or cells"]],
  ["a grid without seeds", { seeds: [] }, ["seeds", "empty"]],
  ["the same seed twice", { seeds: [3, 4, 3] }, ["seeds", "3 twice"]],
  [
    "a value twice",
    { axes: [{ setting: "momentum.m", values: [0, 0.5, 0] }] },
    ["axes[0].values", '"0" twice']
  ],
  [
    "two axes of one setting",
    {
      axes: [
        { setting: "momentum.m", values: [0] },
        { name: "also", setting: "momentum.m", values: [1] }
      ]
    },
    ["axes[1]", "is set by axes[0] as well"]
  ],
  [
    "a setting that is fixed and varied",
    { set: { momentum: { kind: "copy" } } },
    ["momentum.m", "is set by set as well"]
  ],
  ["the seed as an axis", { axes: [{ setting: "seed", values: [1, 2] }] }, ["list the seeds under seeds"]],
  ["cells beside axes", { cells: [{ settings: { m: 1 }, set: {} }] }, ["cells", "contradicts axes"]],
  [
    "cells that stand on different axes",
    {
      axes: [],
      cells: [
        { settings: { a: 1 }, set: {} },
        { settings: { b: 1 }, set: { "momentum.m": 0 } }
      ]
    },
    ["cells[1].settings", "other axes"]
  ],
  [
    "two cells that come to the same run",
    { axes: [{ name: "x", points: [point("a", {}), point("b", { "momentum.m": 0.99 })] }] },
    ["x = b", "the same run as x = a"]
  ],
  [
    "two cells that stand in the same place",
    {
      axes: [],
      cells: [
        { settings: { a: 1 }, set: { "momentum.m": 0.1 } },
        { settings: { a: "1" }, set: { "momentum.m": 0.2 } }
      ]
    },
    ["cells[1].settings", "is where cells[0] stands"]
  ],
  [
    "a setting beside the section it is a part of",
    { set: { "training.epochs": 3, training: { batchSize: 64 } } },
    ["training.epochs", "is a part of training"]
  ],
  [
    "a listed cell that sets a part of what all have",
    {
      set: { training: { epochs: 3, batchSize: 64 } },
      axes: [],
      cells: [{ settings: { a: 1 }, set: { "training.epochs": 2 } }]
    },
    ["cells[0].set", "overlaps with training in set"]
  ],
  [
    "an axis without effect on what its cells compute",
    {
      set: { dictionary: { kind: "endToEnd", weights: "shared" } },
      axes: [{ setting: "momentum.m", values: [0.1, 0.2] }]
    },
    ["m = 0.2", "the same run as m = 0.1"]
  ],
  ["a path that is none", { axes: [{ setting: "", values: [1] }] }, ["axes[0].setting", "not a path"]],
  [
    "one axis for both x and lines",
    { chart: { x: "m", series: "m" } },
    ["chart.series", "is chart.x already"]
  ],
  [
    "a claim that compares nothing",
    { claims: [{ statement: "s", paper: "p", expects: "above", contrasts: [] }] },
    ["claims[0].contrasts", "compares nothing"]
  ],
  [
    "a paper's figure for a cell that is not there",
    { published: { source: "s", values: [{ cell: { m: 0.5, K: 128 }, percent: 1 }] } },
    ["published.values[0]", "fits 0 cells"]
  ],
  ["a chart of an axis that is not there", { chart: { x: "size" } }, ["chart.x", "axes: m, K"]],
  ["a reference that fits no cell", { reference: { m: 0.5 } }, ["reference", "fits no cell"]],
  [
    "a metric that no run measures",
    { metric: "kNN accuracy (k = 7)" },
    ["metric = ", "kNN accuracy (k = 20), loss, pretext accuracy"]
  ],
  [
    "a claim about a metric that no run measures",
    {
      claims: [
        {
          statement: "s",
          paper: "p",
          expects: "above",
          contrasts: [{ label: "l", metric: "top-1", terms: [{ cell: { m: 0, K: 128 }, weight: 1 }] }]
        }
      ]
    },
    ['claims[0].contrasts[0].metric = "top-1": is not measured']
  ],
  [
    "a metric that not every run measures",
    {
      axes: [{ name: "k", points: [7, 20].map((k) => ({ label: k, set: { "evaluations.knn.k": [k, 5] } })) }],
      metric: "kNN accuracy (k = 7)"
    },
    ["measured in every run: kNN accuracy (k = 5), loss"]
  ],
  [
    "an evaluation of the untrained encoder alone",
    { set: { "evaluations.knn": null, "evaluations.supervised": supervised } },
    [
      "evaluations.supervised = {",
      "supervised accuracy is measured of the untrained encoder alone",
      "name another evaluation beside it"
    ]
  ],
  [
    "a metric of the untrained encoder alone, beside others",
    { set: { "evaluations.supervised": supervised }, metric: "supervised accuracy" },
    [
      'metric = "supervised accuracy": is measured of the untrained encoder alone',
      "measured in every run: kNN accuracy (k = 200), kNN accuracy (k = 20), loss"
    ]
  ],
  [
    "a setting by the name that it had",
    { set: { "evaluation.everyEpochs": 2 } },
    ["is now evaluations.knn.everyEpochs"]
  ],
  [
    "an axis of a setting by the name that it had",
    { axes: [{ setting: "evaluation.temperature", values: [0.1, 0.2] }] },
    ["is now evaluations.knn.temperature"]
  ],
  [
    "a claim about a cell that is not there",
    {
      claims: [
        {
          statement: "s",
          paper: "p",
          expects: "above",
          contrasts: [{ label: "l", terms: [{ cell: { m: 0 }, weight: 1 }] }]
        }
      ]
    },
    ["claims[0]", "fits 3 cells"]
  ]
]
