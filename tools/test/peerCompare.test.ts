import { spawn, spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestConsole } from "effect/testing"
import { baseSettings } from "../peer/Case.ts"
import { type ComparisonPlan, compare } from "../peer/compare.ts"
import { quietServices } from "./quietServices.ts"

/** A program that takes no step: it gives the figures that its flags stand for, or what `body` does. */
const program = (folder: string, name: string, body = ""): string => {
  const file = join(folder, name)
  const figures = `{"imagesPerSecond":$speed,"stepMs":{"median":10,"min":9,"max":11},"peakRssMiB":400}`
  writeFileSync(
    file,
    `#!/bin/sh
echo "$*" >> ${folder}/calls
speed=50
${body}
cat <<END
${figures}
END
`,
    { mode: 0o755 }
  )
  return file
}

const freshPlan = (folder: string, python: string): ComparisonPlan => ({
  places: {
    node: program(folder, "node", "speed=75"),
    main: "main.ts",
    python,
    script: "moco_step.py",
    cacheDir: folder
  },
  versions: { python: "3.11.7", torch: "2.13.0+cpu" },
  cases: [{ name: "small", settings: baseSettings }],
  programs: ["ours", "nchw", "nchw-compile"],
  rounds: 2,
  steps: 1,
  warmUp: 1,
  threads: 1,
  augment: false,
  pauseMs: 10,
  out: join(folder, "results", "peer.json"),
  root: join(import.meta.dirname, "../..")
})

const freshFolder = () => mkdtempSync(join(tmpdir(), "peer-compare-"))

const run = (plan: ComparisonPlan) =>
  Effect.gen(function* () {
    yield* compare(plan)
    const lines = (yield* TestConsole.logLines).map(String)
    return { text: lines.join("\n"), last: JSON.parse(lines.at(-1)!) }
  }).pipe(Effect.provide([quietServices, TestConsole.layer]))

describe("the comparison", () => {
  it.live("ends with a table and the report, and leaves both in files", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      const python = program(
        folder,
        "python",
        'case "$*" in *--compile*) echo no compiler >&2; exit 1;; esac'
      )
      const plan = freshPlan(folder, python)
      const { last, text } = yield* run(plan)
      assert.match(text, /ours +75\.0 \(75\.0\.\.75\.0\).*\nPyTorch NCHW +50\.0.* 1\.50 x/)
      assert.include(text, "PyTorch NCHW, compiled failed: it ended with exit code 1\n  | no compiler")
      assert.deepInclude(last, {
        format: 1,
        isFinished: true,
        threads: 1,
        rounds: 2,
        versions: last.versions
      })
      assert.deepInclude(last.versions, { torch: "2.13.0+cpu" })
      assert.match(last.commit, /^([0-9a-f]{12}\+?|unknown)$/)
      assert.strictEqual(last.cases[0].comparisons[0].ratio.median, 1.5)
      assert.deepStrictEqual(JSON.parse(readFileSync(plan.out!, "utf8")), last)
      assert.include(readFileSync(join(folder, "results", "peer.md"), "utf8"), "| PyTorch NCHW | 50.0")
      // The same environment on both sides, and the real command lines.
      assert.strictEqual(last.environment.OMP_NUM_THREADS, "1")
      assert.notProperty(last.environment, "TORCHINDUCTOR_CACHE_DIR")
      const calls = readFileSync(join(folder, "calls"), "utf8").split("\n")
      assert.isTrue(calls[0]!.startsWith("main.ts bench --encoder=resnet18"), calls[0])
      assert.isTrue(calls.some((call) => call.startsWith("moco_step.py --encoder=resnet18")))
    })
  )

  it.live("writes after every block", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      const out = join(folder, "results", "peer.json")
      // Sees what is there when it starts.
      const python = program(folder, "python", `cp ${out} ${folder}/seen`)
      yield* run({ ...freshPlan(folder, python), out, rounds: 1, programs: ["ours", "nchw"] })
      const seen = JSON.parse(readFileSync(join(folder, "seen"), "utf8"))
      assert.isFalse(seen.isFinished)
      assert.strictEqual(seen.blocks[0].row, "ours")
    })
  )

  it.live("says at once that the results cannot be written", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      const plan = freshPlan(folder, program(folder, "python"))
      writeFileSync(join(folder, "results"), "a file")
      const error = yield* Effect.flip(run(plan))
      assert.strictEqual(error._tag, "PeerFileTrouble")
      assert.include(error.message, "--out")
      assert.isFalse(existsSync(join(folder, "calls")))
    })
  )
})

describe("peer", () => {
  const entry = join(import.meta.dirname, "../peer.ts")

  it("stops its block at Ctrl-C, and leaves what was measured", async () => {
    const folder = freshFolder()
    // Has PyTorch; its fourth block does not end.
    const python = program(
      folder,
      "python",
      `case "$*" in -c*) echo '{"python":"3.11.7","torch":"2.13.0+cpu","safetensors":null}'; exit;; esac
[ "$(grep -c moco_step ${folder}/calls)" -ge 4 ] && echo $$ > ${folder}/pid && exec sleep 600`
    )
    const out = join(folder, "peer.json")
    const flags = ["--rows=nchw", "--channels=1", "--steps=1", "--rounds=9", `--out=${out}`]
    const child = spawn(process.execPath, [entry, ...flags, `--python=${python}`])
    let stdout = ""
    child.stdout.on("data", (data) => (stdout += data))
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve))
    while (!existsSync(join(folder, "pid"))) {
      assert.isNull(child.exitCode, stdout)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    child.kill("SIGINT")
    assert.strictEqual(await ended, 130)
    const pid = readFileSync(join(folder, "pid"), "utf8").trim()
    assert.notStrictEqual(spawnSync("kill", ["-0", pid]).status, 0)
    const last = JSON.parse(stdout.trimEnd().split("\n").at(-1)!)
    assert.lengthOf(last.blocks, 3)
    assert.isFalse(last.isFinished)
    assert.deepStrictEqual(JSON.parse(readFileSync(out, "utf8")), last)
  })

  it("refuses what it does not know in a line, before anything is set up", () => {
    const cache = join(freshFolder(), "cache")
    const { status, stderr } = spawnSync(process.execPath, [entry, "--only=resnet19"], {
      encoding: "utf8",
      env: { ...process.env, MOCO_CACHE_DIR: cache }
    })
    assert.strictEqual(status, 1)
    assert.match(stderr, /^error: --only=resnet19.*\n.*resnet18-b64/)
    assert.notMatch(stderr, /^ +at /m)
    assert.isFalse(existsSync(cache))
  })
})
