import { mkdtemp, rm } from "node:fs/promises"
import { availableParallelism, cpus, tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { Backend } from "@moco/core/Backend"
import { median } from "@moco/train/Bench/report"
import { Console, Effect } from "effect"
import { runTool } from "../runTool.ts"
import { type Kind, measureStep, type Pass, passOver } from "./ours.ts"
import { writePhotographs } from "./photographs.ts"
import { startTorchvision, type TheirKind, type Theirs } from "./theirs.ts"

/**
 * How fast image files become views, beside torchvision's DataLoader and in turn with it, and what views cost of a step.
 *
 *     npx nx run tools:image-speed -- [--python=PYTHON] [--images=512] [--rounds=5] [--steps=5]
 *
 * PYTHON needs torch, torchvision and pillow; where it has none, our own figures are all there is.
 */
const flags = {
  python: { type: "string", default: "python3" },
  images: { type: "string", default: "512" },
  rounds: { type: "string", default: "5" },
  steps: { type: "string", default: "5" }
} as const

const { values } = parseArgs({ options: flags })

const count = (flag: "images" | "rounds" | "steps", least: number): number => {
  const number = Number(values[flag])
  if (Number.isInteger(number) && number >= least) return number
  process.stderr.write(`error: --${flag}=${values[flag]}: must be a whole number, ${least} or more\n`)
  return process.exit(2)
}
const [numImages, numRounds, numSteps] = [count("images", 64), count("rounds", 1), count("steps", 0)]

/** What is measured, and how it is called; all in turn, round after round. */
const cases = [
  { kind: "crop", theirs: "crop", shorterSide: 0, name: "one crop of 224, of the whole image" },
  { kind: "crop", theirs: "bytes", shorterSide: 0, name: "the same, theirs left as bytes" },
  { kind: "crop", theirs: "crop", shorterSide: 256, name: "one crop of 224, ours shrunk to 256 before" },
  { kind: "views", theirs: "views", shorterSide: 0, name: "two views of MoCo v2, of the whole image" }
] as const satisfies ReadonlyArray<{ kind: Kind; theirs: TheirKind; shorterSide: number; name: string }>

const compare = Effect.fnUntraced(function* (folder: string, theirs: Theirs | undefined) {
  const rounds: Array<ReadonlyArray<{ readonly ours: Pass; readonly theirs: Pass | undefined }>> = []
  // The first round brings files and code into memory.
  for (let round = 0; round <= numRounds; round++) {
    const passes = yield* Effect.forEach(cases, ({ kind, shorterSide, theirs: theirKind }) =>
      Effect.gen(function* () {
        const ours = yield* passOver(folder, kind, shorterSide)
        return { ours, theirs: theirs && (yield* theirs.passOver(theirKind)) }
      })
    )
    if (round > 0) rounds.push(passes)
  }
  yield* Console.log(
    "\nimages/s (and images in a second of one processor), medians; ratio of each round, median:"
  )
  for (const [place, { name }] of cases.entries()) {
    const passes = rounds.map((round) => round[place]!)
    const rate = (part: keyof Pass, who: "ours" | "theirs") =>
      median(passes.map((pass) => numImages / (pass[who]?.[part] ?? Number.NaN)))
    const ratio = (part: keyof Pass) => {
      const all = passes.map((pass) => (pass.theirs?.[part] ?? Number.NaN) / pass.ours[part])
      return `${median(all).toFixed(2)} (${Math.min(...all).toFixed(2)} to ${Math.max(...all).toFixed(2)})`
    }
    const rates = (who: "ours" | "theirs") =>
      `${rate("seconds", who).toFixed(0)} (${rate("processorSeconds", who).toFixed(0)})`
    const beside =
      theirs === undefined
        ? ""
        : `, torchvision ${rates("theirs")}: ${ratio("seconds")}, by processor ${ratio("processorSeconds")}`
    yield* Console.log(`  ${name}: ${rates("ours")}${beside}`)
  }
})

const step = Effect.gen(function* () {
  if (numSteps === 0) return
  const { stages, stepMs } = yield* measureStep(numSteps)
  const share = (100 * stages.views) / stepMs.median
  yield* Console.log(
    `\nstep of a ResNet-18 on 256 images of 3 x 32 x 32: ${stepMs.median.toFixed(0)} ms, ` +
      `of which their views (MoCo v2) take ${stages.views.toFixed(0)} ms: ${share.toFixed(1)} %`
  )
})

const program = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "moco-photographs-"))),
    (made) => Effect.promise(() => rm(made, { recursive: true }))
  )
  const bytes = yield* Effect.promise(() => writePhotographs(folder, numImages))
  const { nativeOps } = yield* Backend
  yield* Console.log(
    `${numImages} JPEGs of 500 x 375, ${(bytes / 1000).toFixed(0)} KB each; ` +
      `${cpus()[0]?.model}, ${availableParallelism()} threads; own ops: ${nativeOps ?? "none"}`
  )
  const theirs = yield* startTorchvision(values.python, folder, availableParallelism())
  yield* Console.log(
    theirs === undefined
      ? `${values.python} has no torchvision: our figures stand alone (--python=PYTHON names another one)`
      : Object.entries(theirs.versions)
          .map(([name, version]) => `${name} ${version}`)
          .join(", ")
  )
  yield* compare(folder, theirs)
  yield* step
}).pipe(Effect.provide(Backend.layerTensorflow()))

runTool(program)
