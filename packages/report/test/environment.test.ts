import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { plan } from "@moco/study/Study"
import type { FailedTrial } from "@moco/study/TrialRecord"
import { fashionMnistQuick } from "@moco/train/recipes/fashionMnistQuick"
import { Effect, type FileSystem, type Path } from "effect"
import { parseHTML } from "linkedom"
import { environmentFacts, readEnvironment } from "../src/environment.ts"
import { writeRunReport } from "../src/html/write.ts"
import { madeOf } from "../src/study/made.ts"
import { environment, writeSampleRun } from "./html/sampleRun.ts"
import { sampleStudy } from "./html/sampleStudy.ts"

const fresh = () => mkdtempSync(join(tmpdir(), "environment-"))

const onNode = <A, E>(program: Effect.Effect<A, E, FileSystem.FileSystem | Path.Path>) =>
  Effect.runPromise(Effect.provide(program, NodeServices.layer))

const { variables: _, ...ranOn } = environment
const whole = {
  ...ranOn,
  startedAt: "2026-01-01T12:34:56.000Z",
  commit: { ...ranOn.commit, dirty: true },
  threads: 1,
  cpu: { ...ranOn.cpu, features: ["avx", "avx2"] },
  images: { name: "fashion-mnist", sha256: "fedcba9876543210fedcba9876543210" },
  ownStages: ["Augmentation"]
}

/** What `environment.json` is read as that holds `text`. */
const readOf = (text: string) => {
  const file = join(fresh(), "environment.json")
  writeFileSync(file, text)
  return onNode(readEnvironment(file))
}

describe("what a run has run on", () => {
  it("is told in words", () => {
    assert.deepStrictEqual(environmentFacts(whole), [
      ["started", "2026-01-01 12:34 UTC"],
      ["program", "0.0.0, commit 0123456789ab (changed)"],
      ["images", "fashion-mnist, SHA-256 fedcba9876543210"],
      ["processor", "a processor, 2 cores, 1 thread"],
      ["instructions", "avx avx2"],
      ["backend", "tensorflow 2.21.0 on cpu with own ops (avx2)"],
      ["system", "linux-x64, Node v22.0.0"],
      ["stages given in code", "Augmentation"]
    ])
  })

  it("leaves out what is not known", () => {
    assert.deepStrictEqual(environmentFacts({}), [])
    assert.deepStrictEqual(
      environmentFacts({
        startedAt: "",
        commit: null,
        threads: 3,
        backend: { name: "cpu", nativeOps: null }
      }),
      [
        ["processor", "3 threads"],
        ["backend", "cpu"]
      ]
    )
  })

  it("is read as far as it is known here: another version may write less, and more", async () => {
    const read = await readOf(
      JSON.stringify({ node: "v30.0.0", cpu: { model: "m", sockets: 2 }, gpu: ["a"] })
    )
    assert.deepStrictEqual(read, { node: "v30.0.0", cpu: { model: "m" } })
  })

  it("is read without any one of its fields", async () => {
    const written = { ...whole, variables: { TZ: "UTC" } }
    for (const field of Object.keys(written)) {
      const others = Object.fromEntries(Object.entries(written).filter(([name]) => name !== field))
      assert.deepStrictEqual<unknown>(await readOf(JSON.stringify(others)), others, field)
    }
  })

  it("is nothing where no object is there that can be understood", async () => {
    for (const text of ["[]", "{", `{"threads":"two"}`]) assert.isUndefined(await readOf(text), text)
    assert.isUndefined(await onNode(readEnvironment(join(fresh(), "environment.json"))))
  })
})

describe("the report of a run", () => {
  /** The section of a run whose folder holds this of its environment; nothing is no file. */
  const sectionOf = async (environment: unknown) => {
    const folder = await writeSampleRun(join(fresh(), "run"), { isInspected: false })
    const file = join(folder, "environment.json")
    if (environment === undefined) rmSync(file)
    else writeFileSync(file, JSON.stringify(environment))
    const out = join(folder, "report.html")
    await onNode(writeRunReport(folder, out, { commandsOf: () => ({ repeat: "npx moco train" }) }))
    const { document } = parseHTML(readFileSync(out, "utf8"))
    const section = document.querySelector("section#environment")!
    return {
      text: section.textContent,
      rows: [...section.querySelectorAll("tr")].map(({ children }) =>
        [...children].map(({ textContent }) => textContent)
      )
    }
  }

  it("is written where its environment lacks fields: only what is there is told", async () => {
    const { rows, text } = await sectionOf({
      node: "v22.0.0",
      cpu: { model: "a processor" },
      variables: { TZ: "UTC" }
    })
    assert.deepStrictEqual(rows, [
      ["processor", "a processor"],
      ["system", "Node v22.0.0"],
      ["TZ", "UTC"]
    ])
    assert.notMatch(text, /undefined|null|Not known/)
  })

  it("says that it is not known where the file is not there, or says nothing", async () => {
    for (const environment of [undefined, {}, []]) {
      const { rows, text } = await sectionOf(environment)
      assert.deepStrictEqual(rows, [])
      assert.include(text, "Not known: environment.json is not there")
    }
  })
})

it("how a study was made tells each thing once that its runs ran on, and both where they differ", async () => {
  const folder = fresh()
  const known = { ...whole, cpu: { model: "a processor", cores: 2 } }
  const environments = [known, { ...known, threads: 2 }, { node: "v22.0.0", platform: "linux-x64" }, known]
  const images = "fashion-mnist, SHA-256 fedcba9876543210"
  const records = environments.map((environment, i): FailedTrial => {
    const runFolder = `run-${i}`
    mkdirSync(join(folder, runFolder))
    writeFileSync(join(folder, runFolder, "environment.json"), JSON.stringify(environment))
    return {
      ...{ format: 2, time: "2026-01-01T00:00:00.000Z", trial: `${i}`, settings: {}, seed: i, seconds: 1 },
      ...{ runFolder, epochs: [], outcome: "failed", exitCode: 1, reason: "", isFinal: true }
    }
  })
  const axes = [{ setting: "dictionary.size", values: [64] }]
  const definition = { name: "mine", recipe: "fashionMnistQuick", axes, seeds: [1] }
  const made = await onNode(
    Effect.flatMap(plan(definition, fashionMnistQuick()), (study) =>
      madeOf({ study, results: sampleStudy().results, records, command: "mine", folder })
    )
  )
  assert.deepStrictEqual(made.slice(1, -3), [
    ["images", `not the same in all runs: ${images} (3 of 4 runs); not known (1 of 4 runs)`],
    ["program", "0.0.0, commit 0123456789ab (changed)"],
    ["processor", "a processor, 2 cores, 1 thread; a processor, 2 cores, 2 threads"],
    ["backend", "tensorflow 2.21.0 on cpu with own ops (avx2)"],
    ["system", "linux-x64, Node v22.0.0"]
  ])
})
