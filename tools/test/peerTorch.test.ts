import { execFile } from "node:child_process"
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { given, setUp, type TorchPlan, venvName } from "../peer/torch.ts"
import { quietServices } from "./quietServices.ts"

/** A program in place of Python, which says what it was asked for, in a folder of its own. */
const fakePython = (change: { readonly on?: string; readonly does?: string } = {}) => {
  const root = mkdtempSync(join(tmpdir(), "peer-"))
  const log = join(root, "log")
  const write = (name: string, body: string) => {
    const file = join(root, name)
    writeFileSync(file, `#!/bin/sh\necho "$*" | head -1 >> ${log}\n${body}\n`)
    chmodSync(file, 0o755)
    return file
  }
  const own = change.on === undefined ? "" : `case "$*" in ${change.on}) ${change.does};; esac\n`
  const versions = JSON.stringify({ python: "3.11.7", torch: "2.13.0+cpu", safetensors: "0.8.0" })
  // Of the environment: it has PyTorch once pip has been there.
  const inner = write(
    "inner",
    `${own}home=$(dirname "$0")/..
case "$*" in
  *pip*) echo Collecting torch; touch "$home/has-torch";;
  *) [ -f "$home/has-torch" ] || { echo "No module named 'torch'" >&2; exit 1; }; echo '${versions}';;
esac`
  )
  const python = write(
    "python3",
    `${own}case "$*" in
  *version_info*) echo python True;;
  *venv*) mkdir -p "$3/bin"; cp ${inner} "$3/bin/python";;
esac`
  )
  const cacheDir = join(root, "cache")
  return {
    plan: { cacheDir, python } satisfies TorchPlan,
    venv: join(cacheDir, venvName),
    marker: join(cacheDir, venvName, "installed.json"),
    said: () => (existsSync(log) ? readFileSync(log, "utf8") : "")
  }
}

const run = (plan: TorchPlan) => Effect.provide(setUp(plan), quietServices)

/** Sets up in a process of its own, which prints what it has found. */
const inProcess = async (plan: TorchPlan) => {
  const script = `
    import * as NodeServices from "@effect/platform-node/NodeServices"
    import { Effect } from "effect"
    import { setUp } from "./peer/torch.ts"
    console.log(await Effect.runPromise(Effect.provide(setUp(${JSON.stringify(plan)}), NodeServices.layer)))`
  const cwd = join(import.meta.dirname, "..")
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
    cwd
  })
  return stdout
}

/** How often pip and venv were called. */
const count = (text: string, part: string) => text.split(part).length - 1

describe("the set-up of PyTorch", () => {
  it.live("makes an environment in the cache with the small build, and says what it has", () =>
    Effect.gen(function* () {
      const { marker, plan, said, venv } = fakePython()
      const torch = yield* run(plan)
      assert.deepStrictEqual(torch, {
        executable: join(venv, "bin", "python"),
        python: "3.11.7",
        torch: "2.13.0+cpu",
        safetensors: "0.8.0"
      })
      assert.isTrue(existsSync(marker))
      assert.match(said(), /pip install .*torch==2\.13\.0\+cpu numpy safetensors==0\.8\.0$/m)
      assert.strictEqual(count(said(), "pip install"), 1)
      assert.deepStrictEqual(readdirSync(plan.cacheDir), [venvName])
    })
  )

  it.live("does nothing the second time, and needs no Python for it", () =>
    Effect.gen(function* () {
      const { plan, said } = fakePython()
      const first = yield* run(plan)
      assert.deepStrictEqual(yield* run({ ...plan, python: "no-such-python" }), first)
      assert.strictEqual(count(said(), "pip install"), 1)
    })
  )

  it.live("takes the plain build where the small one is not to be had", () =>
    Effect.gen(function* () {
      const { plan, said } = fakePython({ on: "*+cpu*", does: "echo none found; exit 1" })
      yield* run(plan)
      assert.match(said(), /\+cpu numpy safetensors==0\.8\.0\n.*torch==2\.13\.0 numpy safetensors==0\.8\.0\n/)
    })
  )

  it.live("makes anew what was cut short, even where it looks whole", () =>
    Effect.gen(function* () {
      const { marker, plan, said, venv } = fakePython()
      yield* run(plan)
      rmSync(marker)
      writeFileSync(join(venv, "left-over"), "")
      yield* run(plan)
      assert.isTrue(existsSync(marker))
      assert.isFalse(existsSync(join(venv, "left-over")))
      assert.strictEqual(count(said(), "pip install"), 2)
    })
  )

  it.live("makes anew what does not run any more, or has another version", () =>
    Effect.gen(function* () {
      const { plan, said, venv } = fakePython()
      yield* run(plan)
      rmSync(join(venv, "bin", "python"))
      yield* run(plan)
      assert.strictEqual(count(said(), "pip install"), 2)
      const other = [
        { torch: "2.12.0", safetensors: "0.8.0" },
        { torch: "2.13.0", safetensors: null }
      ]
      for (const [index, versions] of other.entries()) {
        const found = JSON.stringify({ python: "3.11.7", ...versions })
        writeFileSync(join(venv, "bin", "python"), `#!/bin/sh\necho '${found}'\n`, { mode: 0o755 })
        yield* run(plan)
        assert.strictEqual(count(said(), "pip install"), 3 + index)
      }
    })
  )

  it.live("leaves nothing behind when it is interrupted, or fails", () =>
    Effect.gen(function* () {
      const stuck = fakePython({ on: "*pip*", does: "sleep 60" })
      const fiber = yield* Effect.forkChild(run(stuck.plan))
      while (!stuck.said().includes("pip install")) yield* Effect.sleep("20 millis")
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(readdirSync(stuck.plan.cacheDir), [])
      const failing = fakePython({ on: "*pip*", does: "exit 1" })
      yield* Effect.flip(run(failing.plan))
      assert.deepStrictEqual(readdirSync(failing.plan.cacheDir), [])
    })
  )

  it.live("is done once by two at a time", () =>
    Effect.gen(function* () {
      const { plan, said } = fakePython({ on: "*venv*", does: "sleep 0.5" })
      const [first, second] = yield* Effect.promise(() => Promise.all([inProcess(plan), inProcess(plan)]))
      assert.include(first + second, "which sets up PyTorch too")
      assert.strictEqual(count(first + second, "3.11.7"), 2)
      assert.strictEqual(count(said(), "pip install"), 1)
    })
  )

  it.live("takes a Python that the user has, as it is", () =>
    Effect.gen(function* () {
      const { plan, venv } = fakePython()
      yield* run(plan)
      const own = join(venv, "bin", "python")
      const found = yield* Effect.provide(given(own), quietServices)
      const { safetensors, torch } = found
      assert.deepStrictEqual([found.executable, torch, safetensors], [own, "2.13.0+cpu", "0.8.0"])
    })
  )

  const unwritable = () => {
    const { plan } = fakePython()
    writeFileSync(plan.cacheDir, "a file")
    return plan
  }
  const refusals = [
    [
      "without Python",
      () => run({ ...fakePython().plan, python: "no-such-python" }),
      "PythonMissing",
      ["no-such-python", "apt-get install python3"]
    ],
    [
      "a Python that is too old",
      () => run(fakePython({ on: "*version_info*", does: "echo python False; exit 0" }).plan),
      "PythonMissing",
      ["Python 3.10 or newer"]
    ],
    [
      "without venv",
      () => run(fakePython({ on: "*venv*", does: "echo ensurepip is not available; exit 1" }).plan),
      "VenvFailed",
      ["  | ensurepip is not available", "python3-venv"]
    ],
    [
      "where pip fails, with its last words",
      () => run(fakePython({ on: "*pip*", does: "echo No space left on device; exit 1" }).plan),
      "InstallFailed",
      ["  | No space left on device", "--python"]
    ],
    [
      "where PyTorch cannot be loaded",
      () => run(fakePython({ on: "*'import json'*", does: "echo libgomp is missing; exit 1" }).plan),
      "TorchUnusable",
      ["  | libgomp is missing"]
    ],
    [
      "a Python of one's own that has no PyTorch",
      () => Effect.provide(given(fakePython().plan.python), quietServices),
      "TorchUnusable",
      ["cannot import torch", "leave out --python"]
    ],
    ["a cache that cannot be written", () => run(unwritable()), "PeerFileTrouble", ["MOCO_CACHE_DIR"]]
  ] as const
  for (const [title, refused, tag, words] of refusals) {
    it.live(`refuses ${title}, and says what to do`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(
          refused() as Effect.Effect<unknown, { readonly _tag: string; readonly message: string }>
        )
        assert.strictEqual(error._tag, tag)
        for (const word of words) assert.include(error.message, word)
      })
    )
  }
})
