import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { claimRuns, removeFolders, removeRuns } from "@moco/report/runs/remove"
import * as FolderLock from "@moco/train/FolderLock"
import { Effect } from "effect"
import { config, linesOf, temporary, whole, writeCheckpoint, writeRun } from "./folders.ts"

const remove = (...paths: ReadonlyArray<string>) =>
  Effect.scoped(Effect.tap(claimRuns(paths), removeRuns)).pipe(
    Effect.flatMap(removeFolders),
    Effect.provide(NodeServices.layer),
    Effect.runPromise
  )

const refused = (...paths: ReadonlyArray<string>) =>
  Effect.scoped(claimRuns(paths)).pipe(Effect.flip, Effect.provide(NodeServices.layer), Effect.runPromise)

const wholeRun = (folder: string) => {
  writeRun(folder, { config: config(), log: linesOf(whole(0.7)) })
  writeCheckpoint(folder, 40)
  writeCheckpoint(folder, 30)
  return folder
}

/** Every file below a folder. */
const filesIn = (folder: string) => readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()

describe("to remove runs", () => {
  it("removes all that a run writes, its folder too, and says what that frees", async () => {
    const folder = wholeRun(join(temporary(), "run"))
    writeFileSync(join(folder, "environment.json.0123456789ab.tmp"), "a draft")
    mkdirSync(join(folder, "checkpoints/000000020.tmp"))
    const bytes = filesIn(folder)
      .filter((name) => /\.\w+$/.test(name) && !name.endsWith("000000020.tmp"))
      .reduce((sum, name) => sum + readFileSync(join(folder, name)).length, 0)
    const { bytesFreed, runs } = await remove(folder)
    assert.deepStrictEqual(runs, [{ path: folder, bytesFreed: bytes, isGone: true, left: [] }])
    assert.strictEqual(bytesFreed, bytes)
    assert.isFalse(existsSync(folder))
  })

  it("leaves what no run writes as it was, and the folder that holds it", async () => {
    const folder = wholeRun(join(temporary(), "run"))
    writeFileSync(join(folder, "notes.txt"), "mine")
    mkdirSync(join(folder, "pictures"))
    writeFileSync(join(folder, "pictures/config.json"), "mine")
    writeFileSync(join(folder, "checkpoints/000000040/mine.safetensors"), "mine")
    writeFileSync(join(folder, "config.json.tmp"), "mine")
    for (const inner of ["tensorboard", "inspection"]) {
      mkdirSync(join(folder, inner))
      writeFileSync(join(folder, inner, "notes.md"), "mine")
    }
    for (const own of ["tensorboard/events.out.tfevents.1.moco.0", "inspection/pairs.webp"])
      writeFileSync(join(folder, own), "a run's")
    const { runs } = await remove(folder)
    const left = [
      ...["checkpoints/000000040/mine.safetensors", "config.json.tmp", "inspection/notes.md", "notes.txt"],
      ...["pictures", "tensorboard/notes.md"]
    ]
    assert.deepStrictEqual(runs[0]!.left, left)
    assert.isFalse(runs[0]!.isGone)
    assert.deepStrictEqual(filesIn(folder), [
      "checkpoints",
      "checkpoints/000000040",
      "checkpoints/000000040/mine.safetensors",
      "config.json.tmp",
      "inspection",
      "inspection/notes.md",
      "notes.txt",
      "pictures",
      "pictures/config.json",
      "tensorboard",
      "tensorboard/notes.md"
    ])
  })

  it("follows no link: neither those in a run's folder, nor one in a checkpoint's place", async () => {
    const root = temporary()
    const elsewhere = wholeRun(join(root, "elsewhere"))
    const before = filesIn(elsewhere)
    const folder = writeRun(join(root, "run"), { config: config(), log: linesOf(whole(0.7)), encoder: false })
    symlinkSync(join(elsewhere, "encoder.safetensors"), join(folder, "encoder.safetensors"))
    symlinkSync(join(elsewhere, "checkpoints"), join(folder, "checkpoints"))
    const { runs } = await remove(folder)
    assert.deepStrictEqual(runs[0]!.left, ["checkpoints", "encoder.safetensors"])
    assert.deepStrictEqual(filesIn(elsewhere), before)
    assert.deepStrictEqual(readdirSync(folder).sort(), ["checkpoints", "encoder.safetensors"])
  })

  it("counts no bytes that another name keeps", async () => {
    const root = temporary()
    const folder = writeRun(join(root, "run"), { config: config(), log: linesOf(whole(0.7)) })
    linkSync(join(folder, "metrics.jsonl"), join(root, "kept.jsonl"))
    const { bytesFreed } = await remove(folder)
    assert.strictEqual(bytesFreed, JSON.stringify(config()).length + "weights".length + "{}".length)
    assert.isTrue(existsSync(join(root, "kept.jsonl")))
  })

  it("checks all folders before it removes the first, and takes one that is named twice once", async () => {
    const root = temporary()
    const folder = wholeRun(join(root, "run"))
    const before = filesIn(folder)
    const error = await refused(folder, join(root, "nope"))
    assert.include(error.message, "there is no such folder")
    assert.deepStrictEqual(filesIn(folder), before)
    assert.lengthOf((await remove(folder, `${folder}/`, join(root, ".", "run"))).runs, 1)
  })

  const strange: ReadonlyArray<readonly [string, (root: string) => string, string]> = [
    ["a folder that is empty", (root) => root, "is empty"],
    [
      "a file",
      (root) => {
        writeFileSync(join(root, "file"), "")
        return join(root, "file")
      },
      "a file and not a folder"
    ],
    [
      "a folder of other things",
      (root) => {
        writeFileSync(join(root, "config.json"), JSON.stringify(config()))
        return root
      },
      "neither metrics.jsonl"
    ],
    [
      "another program's folder of the same names",
      (root) => writeRun(root, { config: '{"name":"mine"}', log: '{"loss":1}\n' }),
      "neither its config.json nor its metrics.jsonl"
    ],
    [
      "a link to a run",
      (root) => {
        symlinkSync(wholeRun(join(root, "run")), join(root, "link"))
        return `${join(root, "link")}/`
      },
      "is a link"
    ]
  ]
  for (const [title, make, words] of strange) {
    it(`refuses ${title}`, async () => {
      const root = temporary()
      const named = make(root)
      const before = filesIn(root)
      const error = await refused(named)
      assert.strictEqual(error._tag, "NoRun")
      assert.include(error.message, words)
      assert.deepStrictEqual(filesIn(root), before)
    })
  }

  it("removes a run of which one of its two files is damaged", async () => {
    const root = temporary()
    const folders = [
      writeRun(join(root, "a"), { config: "{", log: linesOf(whole(0.7)) }),
      writeRun(join(root, "b"), { config: config(), log: "no event\n" })
    ]
    assert.deepStrictEqual(
      (await remove(...folders)).runs.map(({ isGone }) => isGone),
      [true, true]
    )
  })

  it("refuses a run in which a process works, and keeps others out until it has removed it", async () => {
    const folder = wholeRun(join(temporary(), "run"))
    const lock = join(folder, "run.lock")
    const held = Effect.scoped(Effect.andThen(FolderLock.hold(lock), Effect.flip(claimRuns([folder]))))
    const error = await Effect.runPromise(Effect.provide(held, NodeServices.layer))
    assert.strictEqual(error._tag, "RunInUse")
    assert.include(error.message, `process ${process.pid} works in it`)
    assert.isFalse(existsSync(lock))
    const claimed = Effect.scoped(
      Effect.andThen(claimRuns([folder]), Effect.flip(Effect.scoped(FolderLock.hold(lock))))
    )
    assert.strictEqual(
      (await Effect.runPromise(Effect.provide(claimed, NodeServices.layer)))._tag,
      "FolderLocked"
    )
  })
})
