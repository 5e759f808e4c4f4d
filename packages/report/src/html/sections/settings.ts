import { configDifferences } from "@moco/train/RunConfig/differences"
import { shorten } from "@moco/train/RunConfig/Problem"
import type { RunEvent } from "@moco/train/RunLog"
import { recipes } from "@moco/train/recipes"
import { type DrawnRun, stepsOf } from "../../charts/runChart/curves.ts"
import { duration } from "../../duration.ts"
import { type Markup, markup } from "../../markup.ts"
import { facts, type Section, table } from "../page.ts"

/** What was run: the recipe, the numbers that a reader asks for first, and what differs from the recipe. */
export const settings = ({ config, events }: DrawnRun, took: Markup): Section => {
  const body = markup`<div class="cards"><div class="card">${facts(main(config))}</div><div class="card"><h3>Settings that differ from the recipe</h3>${differences(config)}${history(events)}${took}</div></div>`
  return { id: "run", heading: "What was run", body }
}

type Config = DrawnRun["config"]

const main = (config: Config): ReadonlyArray<readonly [string, string]> => {
  const { data, dictionary, encoder, keyShuffle, loss, momentum, optimizer, training } = config
  const size = "size" in dictionary ? `, K = ${dictionary.size.toLocaleString("en-US")}` : ""
  return [
    ["recipe", `${config.recipe}, seed ${config.seed}`],
    [
      "images",
      shorten(
        `${data.name}, ${data.imageSize} × ${data.imageSize} pixels, evaluated on: ${data.evaluationSplit}`,
        200
      )
    ],
    ["dictionary", `${dictionary.kind}${size}`],
    ["key encoder", "m" in momentum ? `${momentum.kind}, m = ${momentum.m}` : momentum.kind],
    ["shuffled batch norm", keyShuffle.kind],
    ["loss", `${loss.kind}, T = ${loss.temperature}${loss.symmetric ? ", both directions" : ""}`],
    [
      "encoder",
      `${encoder.kind} ${encoder.layers.join("-")} (${encoder.block}), width ${encoder.width}, ${encoder.head} head, D = ${encoder.featureSize}`
    ],
    [
      "optimizer",
      `learning rate ${optimizer.learningRate} (${optimizer.schedule.kind}), momentum ${optimizer.momentum}, weight decay ${optimizer.weightDecay}`
    ],
    ["training", `${training.epochs} epochs, batches of ${training.batchSize}`]
  ]
}

const differences = (config: Config): Markup => {
  const recipe = Object.hasOwn(recipes, config.recipe) ? recipes[config.recipe]!() : undefined
  if (recipe === undefined)
    return markup`<p class="quiet">Its recipe ${config.recipe} is none that this program knows.</p>`
  const all = configDifferences(recipe, config).filter(({ path }) => path !== "seed")
  return all.length === 0
    ? markup`<p class="quiet">None: it is the recipe as it stands.</p>`
    : table(
        ["setting", "recipe", "this run"],
        all.map(({ before, now, path }) => [path, shorten(before, 80), shorten(now, 80)])
      )
}

/** What happened to the run beside its steps, in words. */
const history = (events: ReadonlyArray<RunEvent>): Markup => {
  const lines = events.flatMap((event): ReadonlyArray<string> => {
    switch (event.event) {
      case "initialised":
        return [
          `began with the weights of ${shorten(event.source, 200)} (${event.taken} tensors, SHA-256 ${event.sha256.slice(0, 12)})`
        ]
      case "resumed":
        return [`went on at step ${event.step}`]
      case "configChanged":
        return event.changes.map(
          ({ before, now, path }) =>
            `from step ${event.step} on: ${path} ${shorten(now, 80)}, before ${shorten(before, 80)}`
        )
      default:
        return []
    }
  })
  return lines.length === 0
    ? markup``
    : markup`<h3>What happened on the way</h3><ul>${lines.map((line) => markup`<li>${line}</li>`)}</ul>`
}

/** How long the run took, as far as it says. */
export const tookOf = (run: DrawnRun): Markup => {
  const end = run.events.findLast((event) => event.event === "finished")
  const speeds = stepsOf(run)
    .flatMap(({ metrics }) => metrics["imagesPerSecond"] ?? [])
    .toSorted((a, b) => a - b)
  const speed = speeds[Math.floor(speeds.length / 2)]
  const words = [
    ...(end === undefined
      ? []
      : [
          `${end.step} steps in ${duration(end.trainingSeconds)} of training and ${duration(end.evaluationSeconds)} of evaluation`
        ]),
    ...(speed === undefined ? [] : [`median speed ${Math.round(speed)} images/s`])
  ]
  return words.length === 0 ? markup`` : markup`<p class="how">${words.join("; ")}.</p>`
}
