import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { basename, join } from "node:path"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Duration, Effect, Schema } from "effect"
import { commandOf } from "../setup/Addons.ts"
import { lastLines, run } from "../setup/Command.ts"
import { compilersIn } from "../setup/Wanted.ts"
import { bestSetHere } from "../src/InstructionSets.ts"

/**
 * The kernels' own tests, without TensorFlow, built twice: to watch addresses and undefined behaviour, and to watch threads.
 *
 *     npx nx run native:sanitize
 *
 * CXX names another compiler than c++. Exits with 1 where a build, a test or a sanitizer has something to say.
 */
const builds = [
  { name: "addresses and undefined behaviour", flags: ["-fsanitize=address,undefined"] },
  { name: "threads", flags: ["-fsanitize=thread"] }
]

/** One, as many as the cores of a small machine, and more than there are tasks or cores. */
const threadCounts = [1, 2, 5]

class SanitizeFailed extends Schema.TaggedError<SanitizeFailed>()("SanitizeFailed", {
  problem: Schema.String
}) {
  override get message() {
    return this.problem
  }
}

const packageDir = join(import.meta.dirname, "..")

/** Everything but the ops, which are TensorFlow's. */
const sources = ["kernels", "test/kernels"].flatMap((folder) =>
  readdirSync(join(packageDir, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".cc") && basename(name) !== "op.cc")
    .map((name) => join(folder, name))
)

const compilerFlags = [
  ...["-std=c++17", "-O1", "-g", "-pthread", "-Wall", "-Wextra", "-Werror", "-fno-sanitize-recover=all"],
  ...(bestSetHere()?.compilerFlags ?? []),
  `-I${packageDir}`
]

const [compiler = "c++"] = compilersIn(process.env)
const [compilerProgram, compilerArguments] = commandOf(compiler)

const compile = Effect.fnUntraced(function* (args: ReadonlyArray<string>) {
  const { exitCode, output } = yield* run(compilerProgram, [...compilerArguments, ...args])
  if (exitCode === 0) return
  return yield* new SanitizeFailed({
    problem: `${compiler} could not compile ${args.at(-1)}:\n${lastLines(output, 20)}`
  })
})

const check = Effect.fnUntraced(function* (folder: string, { flags, name }: (typeof builds)[number]) {
  const program = join(folder, name.replaceAll(" ", "-"))
  const objects = sources.map((_, i) => `${program}-${i}.o`)
  yield* Effect.forEach(
    sources,
    (source, i) => compile([...compilerFlags, ...flags, "-c", "-o", objects[i]!, join(packageDir, source)]),
    { concurrency: availableParallelism() }
  )
  yield* compile([...flags, "-pthread", ...objects, "-o", program])
  for (const threads of threadCounts) {
    const { exitCode, output } = yield* run(program, [], { TF_NUM_INTRAOP_THREADS: String(threads) })
    if (exitCode !== 0) {
      return yield* new SanitizeFailed({ problem: `${name}, on ${threads} threads:\n${output}` })
    }
    yield* Console.log(`${name}, on ${threads} threads: ${output.trim()}`)
  }
})

const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "moco-sanitize-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

const program = Effect.gen(function* () {
  const folder = yield* temporaryFolder
  for (const build of builds) {
    const [took] = yield* Effect.timed(check(folder, build))
    yield* Console.log(`${build.name}: ${Duration.toSeconds(took).toFixed(0)} s`)
  }
}).pipe(
  Effect.scoped,
  Effect.tapError(({ message }) => Console.error(message))
)

program.pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain({ disableErrorReporting: true }))
