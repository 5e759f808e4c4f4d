import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import {
  assertPlainError,
  checkpointsOf,
  fresh,
  run,
  start,
  startInShell,
  stepsOf,
  tinyRun,
  until
} from "./program.ts"

/** A run that saves nothing before it ends. */
const long = (folder: string) => [
  "train",
  ...tinyRun({ epochs: 400 }),
  "--checkpoint-every=never",
  `--out=${folder}`
]

/** What a run that has saved its newest state leaves. */
const assertSaved = (folder: string) =>
  assert.deepStrictEqual(checkpointsOf(folder).map(Number), [stepsOf(folder).length])

describe("a run", () => {
  it("whose terminal is closed saves where it is, and exits with 129", async () => {
    const folder = fresh()
    const { child, ended } = start(long(folder))
    await until(() => stepsOf(folder).length > 3)
    child.kill("SIGHUP")
    const { code, stderr, stdout } = await ended
    assert.strictEqual(code, 129, stderr)
    assert.strictEqual(stderr, "")
    assertSaved(folder)
    assert.include(stdout, `--resume=${folder}`)
  })

  it("that is killed in its first evaluation goes on after the epoch that it had taken", async () => {
    const folder = fresh()
    const { child, ended, output } = start(["train", ...tinyRun({ epochs: 1 }), `--out=${folder}`])
    await until(() => checkpointsOf(folder).includes("000000040"))
    assert.notInclude(output(), "trained encoder after")
    child.kill("SIGKILL")
    await ended
    const resumed = await run("train", `--resume=${folder}`)
    assert.strictEqual(resumed.code, 0, resumed.stderr)
    assert.include(resumed.stdout, "goes on after step 40\n")
  })

  for (const [name, deed] of [
    ["removed", (folder: string) => rmSync(folder, { recursive: true })],
    ["moved", (folder: string) => renameSync(folder, `${folder}-elsewhere`)],
    [
      "replaced",
      (folder: string) => {
        renameSync(folder, `${folder}-elsewhere`)
        mkdirSync(folder)
      }
    ]
  ] as const) {
    it(`whose folder is ${name} stops with 6, says so, and makes nothing anew in its place`, async () => {
      const folder = fresh()
      const { ended } = start(long(folder))
      await until(() => stepsOf(folder).length > 3)
      deed(folder)
      const { code, stderr } = await ended
      assert.strictEqual(code, 6, stderr)
      assertPlainError(stderr, `${folder}/metrics.jsonl`, "removed, moved or replaced")
      assert.deepStrictEqual(existsSync(folder) ? readdirSync(folder) : [], [])
    })
  }

  // Node itself does not start with fewer than 22, and a thread that hashes would need seven more than a run.
  for (const limit of [22, 23, 24, 26]) {
    it(`that may open ${limit} files either trains, saves and exports, or says so before its first step`, async () => {
      const folder = fresh()
      const args = ["train", ...tinyRun({ epochs: 1 }), `--out=${folder}`]
      const { code, stderr } = await startInShell(`ulimit -n ${limit}; exec "$@"`, args).ended
      assert.include([0, 6], code, stderr)
      if (code === 0) return assertSaved(folder)
      assertPlainError(stderr, "error: ", "\n  ")
      assert.deepStrictEqual(stepsOf(folder), [])
    })
  }

  it("whose reader is gone saves where it is, and so does one whose output has no room, with 6", async () => {
    const [unread, full] = [fresh(), fresh()]
    const first = await startInShell('set -o pipefail; "$@" | head -n 4', long(unread)).ended
    assert.strictEqual(first.code, 143, first.stderr)
    assertSaved(unread)
    const second = await startInShell('exec "$@" > /dev/full', long(full)).ended
    assert.strictEqual(second.code, 6, second.stderr)
    assertPlainError(second.stderr, "standard output cannot be written", "no space left")
    assertSaved(full)
  })

  it("that prints a few lines and has no room for them says so, with 6", async () => {
    const { code, stderr } = await startInShell('exec "$@" > /dev/full', ["settings"]).ended
    assert.strictEqual(code, 6, stderr)
    assertPlainError(stderr, "standard output cannot be written", "no space left")
  })

  it("whose standard error is closed goes on, and saves when it is stopped", async () => {
    const folder = fresh()
    const noisy = ["--set=optimizer.learningRate=0.9", ...long(folder).slice(1)]
    const { child, ended } = startInShell('exec "$@" 2> >(true)', ["train", ...noisy])
    await until(() => stepsOf(folder).length > 3)
    child.kill("SIGTERM")
    assert.strictEqual((await ended).code, 143)
    assertSaved(folder)
  })
})
