import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Plan } from "../../setup/Plan.ts"
import { installedFiles } from "../../src/installed.ts"
import {
  failure,
  freshHeaders,
  freshInstallDir,
  freshOps,
  freshPackage,
  freshPlan,
  installed,
  leftovers,
  run,
  script
} from "./fakePlan.ts"

/** What a function of a compiled addon gives. */
const answerOf = (file: string, name: string): number => {
  const program = "import ctypes, sys; print(getattr(ctypes.CDLL(sys.argv[1]), sys.argv[2])())"
  return Number(execFileSync("python3", ["-c", program, file, name], { encoding: "utf8" }))
}

describe("libtensorflow", () => {
  it.live("links the binding against the libraries of the wheel, and leaves nothing else behind", () =>
    Effect.gen(function* () {
      const plan = freshPlan()
      yield* run(plan)
      assert.strictEqual(answerOf(installed(plan), "_Z4callv"), 1)
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
      const installedOps = join(plan.installDir, "moco_ops.any.node")
      yield* run(plan)
      const before = readFileSync(installedOps)
      const family = join(ops.dir, "kernels", "family")
      writeFileSync(join(ops.dir, "kernels", "shared", "shared.h"), "int one();\n#define another 1\n")
      writeFileSync(
        join(family, "op.cc"),
        '#include "kernels/shared/shared.h"\nint op() { return another; }\n'
      )
      yield* run(plan)
      assert.notDeepEqual(readFileSync(installedOps), before)
      assert.isTrue(existsSync(installed(plan)))
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
        const widthOf = (name: string) => answerOf(join(plan.installDir, `moco_ops.${name}.node`), "width")
        assert.deepStrictEqual([widthOf("wide"), widthOf("narrow")], [2, 1])
        const family = join(ops.dir, "kernels", "another")
        mkdirSync(family)
        writeFileSync(join(family, "op.cc"), 'extern "C" int another() { return 10 + WIDTH; }\n')
        yield* run(plan)
        assert.strictEqual(answerOf(join(plan.installDir, "moco_ops.wide.node"), "another"), 12)
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

  for (const part of ["library", "cacheFolder"] as const) {
    it.live(`writes down what was installed, where an earlier one has not: ${part}`, () =>
      Effect.gen(function* () {
        const plan = freshPlan()
        yield* run(plan)
        const file = installedFiles(plan.installDir)[part]
        const said = readFileSync(file, "utf8")
        rmSync(file)
        yield* run(plan)
        assert.strictEqual(readFileSync(file, "utf8"), said)
        assert.strictEqual(said, { library: plan.distribution.id, cacheFolder: plan.cacheDir }[part])
      })
    )
  }

  it.live("serves a fresh package from a full cache without network, Python or compiler", () =>
    Effect.gen(function* () {
      const compiler = script('exec c++ "$@"')
      const checkout = () => ({
        bindingPackage: freshPackage(),
        napiIncludeDir: freshHeaders("#define NAPI_SAME 1\n"),
        ops: freshOps("int op() { return one(); }"),
        ...freshInstallDir()
      })
      const plan = freshPlan({ compilers: [compiler], ...checkout() })
      yield* run(plan)
      rmSync(compiler)
      const another = { ...plan, ...checkout(), python: "no-such-python" }
      yield* run(another)
      assert.deepStrictEqual(readFileSync(installed(another)), readFileSync(installed(plan)))
    })
  )

  it.live("puts a binding that was replaced or a library that was cut back in order", () =>
    Effect.gen(function* () {
      const plan = freshPlan()
      yield* run(plan)
      const whole = readFileSync(installed(plan))
      writeFileSync(installed(plan), "something else")
      writeFileSync(join(plan.cacheDir, "moco-fake-1.0", "tensorflow", "libtwo.so.2"), "cut")
      yield* run(plan)
      assert.deepStrictEqual(readFileSync(installed(plan)), whole)
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
      const before = readFileSync(installed(plan))
      writeFileSync(
        join(plan.bindingPackage, "binding", "tfjs_binding.cc"),
        "int binding() { return 12345; }\n"
      )
      yield* run(plan)
      assert.notDeepEqual(readFileSync(installed(plan)), before)
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
      assert.isTrue(existsSync(installed(plan)))
    })
  )
})
