import { execFileSync, spawn, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Plan } from "../../setup/Plan.ts"
import { distributionFor } from "../../setup/Wheel.ts"
import {
  distribution,
  freshHeaders,
  freshLinkDir,
  freshOps,
  freshPackage,
  freshPlan,
  incompleteDistribution,
  run,
  script
} from "./fakePlan.ts"

const failure = (plan: Plan) => Effect.flip(run(plan))
const linked = (plan: Plan) => join(plan.linkDir, "tfjs_binding.node")
const leftovers = (plan: Plan) =>
  readdirSync(plan.cacheDir).filter((name) => name.startsWith(".staging") || name.endsWith(".lock"))

/** Starts the set-up as a process; `ended` gives its exit code and what it printed. */
const start = (plan: Plan) => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "setUpProcess.ts"), JSON.stringify(plan)])
  let output = ""
  child.stdout.on("data", (data) => (output += data))
  child.stderr.on("data", (data) => (output += data))
  const ended = new Promise<{ code: number | null; output: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, output }))
  )
  return { child, ended }
}

/** What a function of a compiled addon gives. */
const answerOf = (file: string, name: string): number => {
  const program = "import ctypes, sys; print(getattr(ctypes.CDLL(sys.argv[1]), sys.argv[2])())"
  return Number(execFileSync("python3", ["-c", program, file, name], { encoding: "utf8" }))
}

const until = async (condition: () => boolean) => {
  for (let tries = 0; tries < 400 && !condition(); tries++)
    await new Promise((resolve) => setTimeout(resolve, 25))
  assert.isTrue(condition(), "waited 10 s")
}

describe("libtensorflow", () => {
  it.live("links the binding against the libraries of the wheel, and leaves nothing else behind", () =>
    Effect.gen(function* () {
      const plan = freshPlan()
      yield* run(plan)
      assert.strictEqual(answerOf(linked(plan), "_Z4callv"), 1)
      const library = join(plan.cacheDir, "moco-fake-1.0")
      assert.sameMembers(readdirSync(join(library, "tensorflow")), ["include", "libone.so.2", "libtwo.so.2"])
      assert.deepStrictEqual(leftovers(plan), [])
      assert.isFalse(existsSync(join(library, "wheels")))
    })
  )

  it.live("links the project's own ops beside the binding, and compiles them anew when one changes", () =>
    Effect.gen(function* () {
      const ops = freshOps("int op() { return one(); }")
      const plan = freshPlan({ ops })
      const linkedOps = join(plan.linkDir, "moco_ops.any.node")
      yield* run(plan)
      const before = readFileSync(linkedOps)
      const family = join(ops.dir, "kernels", "family")
      writeFileSync(join(ops.dir, "kernels", "shared", "shared.h"), "int one();\n#define another 1\n")
      writeFileSync(
        join(family, "op.cc"),
        '#include "kernels/shared/shared.h"\nint op() { return another; }\n'
      )
      yield* run(plan)
      assert.notDeepEqual(readFileSync(linkedOps), before)
      assert.isTrue(existsSync(linked(plan)))
    })
  )

  it.live(
    "compiles the ops once for every instruction set, each with its flags, and a new family's too",
    () =>
      Effect.gen(function* () {
        const wide = { name: "wide", compilerFlags: ["-DWIDTH=2"], needs: ["wide"] }
        const narrow = { name: "narrow", compilerFlags: ["-DWIDTH=1"], needs: [] }
        const ops = freshOps('extern "C" int width() { return WIDTH; }', [wide, narrow])
        const plan = freshPlan({ ops })
        yield* run(plan)
        const widthOf = (name: string) => answerOf(join(plan.linkDir, `moco_ops.${name}.node`), "width")
        assert.deepStrictEqual([widthOf("wide"), widthOf("narrow")], [2, 1])
        const family = join(ops.dir, "kernels", "another")
        mkdirSync(family)
        writeFileSync(join(family, "op.cc"), 'extern "C" int another() { return 10 + WIDTH; }\n')
        yield* run(plan)
        assert.strictEqual(answerOf(join(plan.linkDir, "moco_ops.wide.node"), "another"), 12)
        assert.strictEqual(widthOf("narrow"), 1)
      })
  )

  it.live("does nothing the second time", () =>
    Effect.gen(function* () {
      const compiler = script('exec c++ "$@"')
      const plan = freshPlan({ compilers: [compiler] })
      yield* run(plan)
      // Neither Python nor a compiler is asked for any more.
      rmSync(compiler)
      const again = run({ ...plan, python: "no-such-python" })
      assert.strictEqual((yield* Effect.exit(again))._tag, "Success")
    })
  )

  it.live("serves a fresh package from a full cache without network, Python or compiler", () =>
    Effect.gen(function* () {
      const compiler = script('exec c++ "$@"')
      const plan = freshPlan({ compilers: [compiler] })
      yield* run(plan)
      rmSync(compiler)
      const another = {
        ...plan,
        bindingPackage: freshPackage(),
        ...freshLinkDir(),
        python: "no-such-python"
      }
      yield* run(another)
      assert.deepStrictEqual(readFileSync(linked(another)), readFileSync(linked(plan)))
    })
  )

  it.live("puts a binding that was replaced or a library that was cut back in order", () =>
    Effect.gen(function* () {
      const plan = freshPlan()
      yield* run(plan)
      const whole = readFileSync(linked(plan))
      writeFileSync(linked(plan), "something else")
      writeFileSync(join(plan.cacheDir, "moco-fake-1.0", "tensorflow", "libtwo.so.2"), "cut")
      yield* run(plan)
      assert.deepStrictEqual(readFileSync(linked(plan)), whole)
      assert.isAbove(
        readFileSync(join(plan.cacheDir, "moco-fake-1.0", "tensorflow", "libtwo.so.2")).length,
        1000
      )
    })
  )

  it.live("compiles anew when the package's sources change", () =>
    Effect.gen(function* () {
      const plan = freshPlan()
      yield* run(plan)
      const before = readFileSync(linked(plan))
      writeFileSync(
        join(plan.bindingPackage, "binding", "tfjs_binding.cc"),
        "int binding() { return 12345; }\n"
      )
      yield* run(plan)
      assert.notDeepEqual(readFileSync(linked(plan)), before)
    })
  )

  const changes: ReadonlyArray<readonly [string, (plan: Plan) => Partial<Plan>]> = [
    ["another compiler", () => ({ compilers: [script('exec c++ "$@"')] })],
    ["other headers of N-API", () => ({ napiIncludeDir: freshHeaders("#define NAPI_NEW 1\n") })],
    [
      "another library to link to",
      ({ distribution: { libraries, ...rest } }) => ({
        distribution: { ...rest, libraries: [libraries[1], libraries[0]] }
      })
    ]
  ]
  for (const [title, change] of changes) {
    it.live(`compiles anew with ${title}`, () =>
      Effect.gen(function* () {
        const plan = freshPlan()
        yield* run(plan)
        yield* run({ ...plan, ...change(plan) })
        assert.strictEqual(readdirSync(join(plan.cacheDir, "bindings")).length, 2)
      })
    )
  }

  it.live("fetches anew when the pin of a CUDA library changes", () =>
    Effect.gen(function* () {
      const plan = freshPlan()
      yield* run(plan)
      const companion = { name: "moco-nowhere", version: "1.0", sha256: "0".repeat(64) }
      const changed = { ...plan, distribution: { ...plan.distribution, companions: [companion] } }
      // It asks for Python, so it means to download.
      assert.strictEqual((yield* failure({ ...changed, python: "no-such-python" }))._tag, "ToolMissing")
    })
  )

  it.live("takes over a lock in which nobody is named", () =>
    Effect.gen(function* () {
      const plan = freshPlan()
      mkdirSync(plan.cacheDir)
      writeFileSync(join(plan.cacheDir, "moco-fake-1.0.lock"), "{")
      yield* run(plan)
      assert.deepStrictEqual(leftovers(plan), [])
    })
  )

  it.live("takes a compiler with arguments, as CXX may hold them", () =>
    Effect.gen(function* () {
      const plan = freshPlan({ compilers: ["c++ -Wall"] })
      yield* run(plan)
      assert.isTrue(existsSync(linked(plan)))
    })
  )

  it("lets a second process wait, and do nothing twice", async () => {
    const slow = script('case "$*" in *download*) sleep 2;; esac; exec python3 "$@"')
    const plan = freshPlan({ python: slow })
    const [first, second] = await Promise.all([start(plan).ended, start(plan).ended])
    assert.deepStrictEqual([first.code, second.code], [0, 0], first.output + second.output)
    const both = first.output + second.output
    assert.include(both, "waiting for process")
    assert.strictEqual(both.split("compiling the binding: done").length, 2)
    assert.deepStrictEqual(leftovers(plan), [])
  })

  it("leaves nothing half-made when it is killed, and goes on from there", async () => {
    const stuck = script('case "$*" in *download*) sleep 60;; esac; exec python3 "$@"')
    const plan = freshPlan()
    const { child, ended } = start({ ...plan, python: stuck })
    await until(
      () => existsSync(plan.cacheDir) && readdirSync(plan.cacheDir).some((name) => name.endsWith(".lock"))
    )
    child.kill("SIGKILL")
    await ended
    assert.isFalse(existsSync(join(plan.cacheDir, "moco-fake-1.0")))
    assert.isFalse(existsSync(linked(plan)))
    assert.isNotEmpty(leftovers(plan))
    const again = await start(plan).ended
    assert.strictEqual(again.code, 0, again.output)
    assert.deepStrictEqual(leftovers(plan), [])
    assert.isTrue(existsSync(linked(plan)))
  })

  it("removes what it began when it is interrupted", async () => {
    const stuck = script('case "$*" in *download*) sleep 60;; esac; exec python3 "$@"')
    const plan = freshPlan({ python: stuck })
    const { child, ended } = start(plan)
    await until(
      () => existsSync(plan.cacheDir) && readdirSync(plan.cacheDir).some((name) => name.endsWith(".lock"))
    )
    child.kill("SIGINT")
    assert.strictEqual((await ended).code, 130)
    assert.deepStrictEqual(leftovers(plan), [])
  })
})

describe("libtensorflow refuses, and says what to do,", () => {
  const refusals: ReadonlyArray<readonly [string, () => Plan, string, ReadonlyArray<string>]> = [
    [
      "without Python",
      () => freshPlan({ python: "no-such-python" }),
      "ToolMissing",
      ["no-such-python", "apt-get install python3"]
    ],
    [
      "without pip",
      () => freshPlan({ python: script('case "$*" in *pip*) exit 1;; esac; exec python3 "$@"') }),
      "ToolMissing",
      ["pip is missing", "python3-pip"]
    ],
    [
      "without a compiler",
      () => freshPlan({ compilers: ["no-such-cc"] }),
      "ToolMissing",
      ["no-such-cc", "apt-get install g++"]
    ],
    [
      "without room on the disk",
      () => freshPlan({ distribution: { ...freshPlan().distribution, neededMb: 1e12 } }),
      "DiskFull",
      ["MB free", "MOCO_CACHE_DIR"]
    ],
    [
      "a wheel of another hash",
      () => freshPlan({ distribution: distribution("moco-fake", "0".repeat(64)) }),
      "HashMismatch",
      ["not the pinned", "index"]
    ],
    [
      "without the wheel to be had",
      () => freshPlan({ distribution: distribution("moco-nowhere", "0".repeat(64)) }),
      "DownloadFailed",
      ["pip could not get", "network"]
    ],
    [
      "a wheel that lacks a library",
      () => freshPlan({ distribution: incompleteDistribution }),
      "UnpackFailed",
      ["tensorflow/libtwo.so.2"]
    ],
    [
      "a source that does not compile",
      () => freshPlan({ bindingPackage: freshPackage("this is not C++") }),
      "CompileFailed",
      ["could not compile", "CXX"]
    ],
    [
      "a package without sources",
      () => freshPlan({ bindingPackage: join(freshPackage(), "nowhere") }),
      "FileTrouble",
      ["npm ci"]
    ]
  ]
  for (const [title, plan, tag, words] of refusals) {
    it.live(title, () =>
      Effect.gen(function* () {
        const thePlan = plan()
        const error = yield* failure(thePlan)
        assert.strictEqual(error._tag, tag)
        for (const word of words) assert.include(error.message, word)
        assert.isFalse(existsSync(linked(thePlan)))
      })
    )
  }

  it("a flag it does not know, in a line and without a stack", () => {
    const entry = join(import.meta.dirname, "..", "..", "setup", "libtensorflow.ts")
    const { status, stderr } = spawnSync(process.execPath, [entry, "--gpu"], { encoding: "utf8" })
    assert.strictEqual(status, 1)
    assert.match(stderr, /^error: .*--gpu.*\n.*--cuda/s)
    assert.notMatch(stderr, /^ +at /m)
  })

  const systems = [
    ["Alpine", { platform: "linux", arch: "x64", isGlibc: false }, false],
    ["Linux arm64", { platform: "linux", arch: "arm64", isGlibc: true }, false],
    ["Windows", { platform: "win32", arch: "x64", isGlibc: true }, false],
    ["CUDA on a Mac", { platform: "darwin", arch: "arm64", isGlibc: true }, true]
  ] as const
  for (const [title, system, cuda] of systems) {
    it.effect(title, () =>
      Effect.map(Effect.flip(distributionFor(system, cuda)), (error) => {
        assert.strictEqual(error._tag, "PlatformUnsupported")
      })
    )
  }

  it.effect("nothing on Linux x64 and macOS arm64, each with wheels of its own", () =>
    Effect.gen(function* () {
      const ids = yield* Effect.all([
        distributionFor({ platform: "linux", arch: "x64", isGlibc: true }, false),
        distributionFor({ platform: "linux", arch: "x64", isGlibc: true }, true),
        distributionFor({ platform: "darwin", arch: "arm64", isGlibc: true }, false)
      ])
      assert.strictEqual(new Set(ids.map(({ id }) => id)).size, 3)
    })
  )
})
