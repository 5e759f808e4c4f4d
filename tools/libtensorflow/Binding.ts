import { Effect, FileSystem, Path } from "effect"
import { lastLines, run } from "./Command.ts"
import { fileTrouble, publish } from "./files.ts"
import { compilerFlags, type Places, type Plan, sourcesOf } from "./Plan.ts"
import * as Progress from "./Progress.ts"
import { CompileFailed, ToolMissing } from "./SetUpError.ts"

/** Whether the package holds exactly the binding that the cache has for this plan. */
export const isLinked = Effect.fnUntraced(function* (places: Places) {
  const fs = yield* FileSystem.FileSystem
  const cached = yield* Effect.option(fs.readFile(places.cachedBinding))
  const linked = yield* Effect.option(fs.readFile(places.linkedBinding))
  return cached._tag === "Some" && linked._tag === "Some" && Buffer.compare(cached.value, linked.value) === 0
})

/** Whether the cache holds the compiled binding. */
export const isCompiled = Effect.fnUntraced(function* (places: Places) {
  const fs = yield* FileSystem.FileSystem
  return yield* fileTrouble(fs.exists(places.cachedBinding))
})

/** The first compiler that runs. */
export const compilerOf = Effect.fnUntraced(function* ({ compilers }: Plan) {
  for (const compiler of compilers) {
    const [program, args] = commandOf(compiler)
    if ((yield* run(program, [...args, "--version"])).exitCode === 0) return compiler
  }
  const problem = `a C++17 compiler is missing (looked for ${compilers.join(", ")})`
  const hint = "install one, e.g. apt-get install g++ (macOS: xcode-select --install), or name it with CXX"
  return yield* new ToolMissing({ problem, hint })
})

/** CXX may hold arguments too, such as `ccache g++`. */
const commandOf = (compiler: string): readonly [string, ReadonlyArray<string>] => {
  const [program = compiler, ...args] = compiler.trim().split(/\s+/)
  return [program, args]
}

/** Compiles the binding's sources against the library in the cache. */
export const compile = Effect.fnUntraced(function* (
  plan: Plan,
  places: Places,
  compiler: string,
  staging: string
) {
  const path = yield* Path.Path
  const libraries = path.join(places.libraryDir, "tensorflow")
  const output = path.join(staging, "tfjs_binding.node")
  const compilerArguments = [
    ...compilerFlags,
    ...[
      plan.napiIncludeDir,
      path.dirname(plan.packageDir),
      plan.packageDir,
      path.join(libraries, "include")
    ].map((dir) => `-I${dir}`),
    ...sourcesOf(plan, path),
    // By file name: the wheel's libraries carry a version and no plain link.
    ...plan.distribution.libraries.map((name) => path.join(libraries, name)),
    `-Wl,-rpath,${libraries}`,
    ...(process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : []),
    ...["-o", output]
  ]
  const compiling = Effect.gen(function* () {
    const [program, args] = commandOf(compiler)
    const compiled = yield* run(program, [...args, ...compilerArguments])
    if (compiled.exitCode === 0) return
    const problem = `${compiler} could not compile the binding:\n${lastLines(compiled.output, 12)}`
    const hint = "it must know C++17 (g++ 9 or clang 10 and newer); name another one with CXX"
    return yield* new CompileFailed({ problem, hint })
  })
  yield* Progress.step("compiling the binding", compiling)
  yield* publish(output, places.cachedBinding)
})

/** Copies the binding to where tfjs-node looks for it, so that a reader sees the old one or the new one. */
export const link = Effect.fnUntraced(function* (places: Places) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const temporary = `${places.linkedBinding}.${process.pid}`
  yield* fileTrouble(fs.makeDirectory(path.dirname(places.linkedBinding), { recursive: true }))
  yield* fileTrouble(fs.copyFile(places.cachedBinding, temporary))
  yield* fileTrouble(fs.rename(temporary, places.linkedBinding))
})
