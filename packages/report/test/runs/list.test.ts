import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { forbidden } from "@moco/core/testing"
import { listRuns } from "@moco/report/runs/list"
import { listText } from "@moco/report/runs/listText"
import { lookAt } from "@moco/report/runs/look"
import { encodeTrial } from "@moco/study/StudyRecord"
import { Effect } from "effect"
import fc from "fast-check"
import {
  config,
  evaluation,
  finished,
  linesOf,
  numSteps,
  step,
  steps,
  temporary,
  whole,
  writeCheckpoint,
  writeRun
} from "./folders.ts"

const list = (...args: Parameters<typeof listRuns>) =>
  Effect.runPromise(Effect.provide(listRuns(...args), NodeServices.layer))

const only = async (folder: string) => {
  const { runs } = await list(folder)
  assert.lengthOf(runs, 1)
  return runs[0]!
}

describe("the list of runs", () => {
  it("tells of each how far it is, its first metric, the best baseline and the time", async () => {
    const root = temporary()
    writeRun(join(root, "mine-1"), { config: config(3), log: linesOf(whole(0.7)) })
    const run = await only(root)
    assert.deepInclude(run, {
      name: "mine-1",
      recipe: "fashionMnistQuick",
      seed: 3,
      state: "finished",
      reason: null
    })
    assert.deepStrictEqual(run.epochs, { done: 4, of: 4 })
    assert.deepStrictEqual(run.steps, { done: 40, of: 40 })
    assert.deepInclude(run.score, {
      metric: "kNN accuracy (k = 200)",
      subject: "trained encoder",
      value: 0.7
    })
    assert.deepInclude(run.baseline, { metric: "kNN accuracy (k = 200)", subject: "raw pixels", value: 0.77 })
    assert.strictEqual(run.trainingSeconds, 10)
    assert.strictEqual(run.writtenAt, "2026-01-01T00:00:43.000Z")
  })

  it("looks at any depth up to its bound, into a study's folder and through no link", async () => {
    const root = temporary()
    const elsewhere = temporary()
    writeRun(join(elsewhere, "run"), { config: config(), log: linesOf(whole(0.7)) })
    for (const place of ["a", "b/study/runs/0123", "c/d/e/f/g/deep"]) {
      writeRun(join(root, place), { config: config(), log: linesOf(whole(0.7)) })
    }
    symlinkSync(elsewhere, join(root, "link"))
    const { isCut, runs } = await list(root, { sort: "name", bounds: { depth: 5, folders: 1000 } })
    assert.deepStrictEqual(
      runs.map(({ name }) => name),
      ["a", "b/study/runs/0123"]
    )
    assert.isTrue(isCut)
    assert.isFalse((await list(root, { bounds: { depth: 6, folders: 1000 } })).isCut)
    // A link that is named is looked into.
    assert.lengthOf((await list(join(root, "link"))).runs, 1)
  })

  it("has a row with its reason for every folder that is damaged", async () => {
    const root = temporary()
    const log = linesOf(steps(3))
    writeRun(join(root, "config"), { config: "{", log })
    writeRun(join(root, "setting"), { config: JSON.stringify({ ...config(), seed: -1 }), log })
    writeRun(join(root, "json"), { config: config(), log: `${log}no event\n` })
    writeRun(join(root, "format"), { config: config(), log: `${log}{"format":99,"event":"step"}\n` })
    writeRun(join(root, "folder"), { config: config() })
    mkdirSync(join(root, "folder", "metrics.jsonl"))
    writeRun(join(root, "linked"), { config: config() })
    symlinkSync(join(root, "json", "metrics.jsonl"), join(root, "linked", "metrics.jsonl"))
    writeRun(join(root, "whole"), { config: config(), log: linesOf(whole(0.7)) })
    const { runs } = await list(root, { sort: "name" })
    const reasons = Object.fromEntries(runs.map(({ name, reason, state }) => [name, `${state}: ${reason}`]))
    assert.match(reasons["config"]!, /^damaged: the config .*config\.json cannot be read/)
    assert.match(reasons["setting"]!, /^damaged: .*seed/)
    assert.match(reasons["json"]!, /^damaged: metrics\.jsonl: /)
    assert.match(reasons["format"]!, /^damaged: metrics\.jsonl: it has format 99/)
    assert.match(reasons["folder"]!, /^damaged: .*no regular file/)
    assert.match(reasons["linked"]!, /^damaged: .*no regular file/)
    assert.strictEqual(reasons["whole"], "finished: null")
    assert.isNull(runs.find(({ name }) => name === "config")!.recipe)
  })

  it("leaves out a last line that was torn off", async () => {
    const root = temporary()
    const folder = writeRun(join(root, "run"), { config: config(), log: linesOf(steps(13)) })
    appendFileSync(join(folder, "metrics.jsonl"), '{"format":2,"event":"st')
    const run = await only(root)
    assert.deepInclude(run, { state: "interrupted", trainingSeconds: 13 / 4, score: null, baseline: null })
    assert.deepStrictEqual([run.epochs.done, run.steps.done], [1, 13])
  })

  it("has a row for a folder in which there is nothing, and for a run that has taken no step", async () => {
    const root = temporary()
    mkdirSync(join(root, "nothing"))
    writeRun(join(root, "begun"), { config: config(), log: "", encoder: false })
    const { runs } = await list(root, { sort: "name" })
    assert.deepStrictEqual(
      runs.map(({ name, state }) => [name, state]),
      [
        ["begun", "empty"],
        ["nothing", "empty"]
      ]
    )
  })

  it("takes from the newest whole checkpoint what stands far before the end of a log", async () => {
    const root = temporary()
    const before = linesOf([evaluation("raw pixels", 0, 0.77), evaluation("trained encoder", 2, 0.6)])
    // More than is read before the place that the checkpoint knows.
    const middle = linesOf(Array.from({ length: 400 }, (_, i) => step(i % 20)))
    const after = linesOf([step(20), step(21)])
    const folder = writeRun(join(root, "run"), { config: config(), log: before + middle + after })
    const measurements = [evaluation("raw pixels", 0, 0.77), evaluation("trained encoder", 2, 0.6)].flatMap(
      (event) => (event.event === "evaluation" ? event.measurements : [])
    )
    const logPosition = before.length + middle.length
    writeCheckpoint(folder, 20, { logPosition, measurements, trainingSeconds: 5 })
    writeCheckpoint(folder, 21, { logPosition: 0 })
    writeFileSync(join(folder, "checkpoints", "000000021", "manifest.jsonl"), "damaged")
    // A step is not understood where it is not the last; what is not read is not seen to be damaged.
    const run = await only(root)
    assert.strictEqual(run.score?.value, 0.6)
    assert.strictEqual(run.baseline?.value, 0.77)
    assert.deepStrictEqual(run.steps, { done: 22, of: numSteps })
    assert.strictEqual(run.trainingSeconds, 5.5)
    rmSync(join(folder, "checkpoints"), { recursive: true })
    const read = await only(root)
    assert.deepStrictEqual([read.score?.value, read.baseline?.value, read.steps.done], [0.6, 0.77, 22])
  })

  it("finds the same in the end of a log, with a checkpoint, as in all of it", async () => {
    const events = [
      ...steps(20),
      evaluation("raw pixels", 0, 0.77),
      evaluation("trained encoder", 2, 0.6),
      ...steps(8)
    ]
    await fc.assert(
      fc.asyncProperty(fc.nat(events.length), fc.boolean(), async (known, isStopped) => {
        const root = temporary()
        const all = isStopped ? [...events, finished("interrupted", 28)] : events
        const folder = writeRun(root, { config: config(), log: linesOf(all) })
        const before = events.slice(0, known)
        const numBefore = before.filter(({ event }) => event === "step").length
        writeCheckpoint(root, Math.min(8, numBefore), {
          logPosition: linesOf(before).length,
          trainingSeconds: numBefore / 4,
          measurements: before.flatMap((event) => (event.event === "evaluation" ? event.measurements : []))
        })
        const look = (log: "end" | "whole") =>
          Effect.runPromise(Effect.provide(lookAt(folder, { log }), NodeServices.layer))
        const [end, all_] = [await look("end"), await look("whole")]
        for (const key of ["measurements", "trainingSeconds", "numSteps", "writtenAt", "damage"] as const) {
          assert.deepStrictEqual(end[key], all_[key])
        }
        assert.strictEqual(end.trainingSeconds, 7)
      }),
      { numRuns: 20 }
    )
  })

  it("says of a state that failed that its run diverged", async () => {
    const root = temporary()
    const folder = writeRun(join(root, "run"), { config: config(), log: linesOf(steps(10)), encoder: false })
    writeCheckpoint(folder, 10)
    renameSync(join(folder, "checkpoints/000000010"), join(folder, "checkpoints/000000010.failed"))
    assert.deepInclude(await only(root), { state: "diverged", reason: "a number was not finite in step 10" })
  })

  it("says of a trial how it failed, as its study's record does", async () => {
    const root = temporary()
    const trial = (id: string, isFinal: boolean) => {
      writeRun(join(root, "study/runs", id), { config: config(), log: linesOf(steps(2)), encoder: false })
      return encodeTrial({
        ...{
          format: 2,
          time: "2026-01-01T00:00:00.000Z",
          trial: id,
          settings: {},
          seed: 1,
          seconds: 1,
          epochs: []
        },
        ...{ outcome: "failed", runFolder: `runs/${id}`, exitCode: 6, reason: `why ${id}\nand more`, isFinal }
      })
    }
    writeFileSync(join(root, "study/trials.jsonl"), `${trial("aa", false)}\n${trial("bb", true)}\n`, {
      flag: "w"
    })
    const { runs } = await list(root, { sort: "name" })
    assert.deepStrictEqual(
      runs.map(({ reason, state }) => [state, reason]),
      [
        ["failed", "why aa"],
        ["diverged", "why bb"]
      ]
    )
    writeFileSync(join(root, "study/trials.jsonl"), "damaged\n")
    assert.deepStrictEqual(
      (await list(root)).runs.map(({ state }) => state),
      ["interrupted", "interrupted"]
    )
  })

  it("is sorted by time, by the best score, or by name with numbers as numbers", async () => {
    const root = temporary()
    const run = (name: string, accuracy: number, day: number) =>
      writeRun(join(root, name), {
        config: config(),
        log: linesOf(whole(accuracy), `2026-01-0${day}T00:00:00.000Z`)
      })
    run("r-10", 0.6, 2)
    run("r-2", 0.8, 1)
    run("r-1", 0.7, 3)
    mkdirSync(join(root, "empty"))
    const names = async (sort?: "time" | "metric" | "name") =>
      (await list(root, sort === undefined ? {} : { sort })).runs.map(({ name }) => name)
    assert.deepStrictEqual(await names(), ["r-1", "r-10", "r-2", "empty"])
    assert.deepStrictEqual(await names("metric"), ["r-2", "r-1", "r-10", "empty"])
    assert.deepStrictEqual(await names("name"), ["empty", "r-1", "r-2", "r-10"])
  })

  it("shows a name as it can be shown", async () => {
    const root = temporary()
    const name = "a\u001b[2J\nb\u202e"
    writeRun(join(root, name), { config: config(), log: linesOf(whole(0.7)) })
    const found = await list(root)
    assert.strictEqual(found.runs[0]!.name, name)
    const text = listText(found)
    assert.include(text, "a\\u001b[2J b\\u202e")
    assert.deepStrictEqual(forbidden(text.replaceAll("\n", "")), [])
  })
})
