import { Effect, FileSystem, Path } from "effect"
import type { Addon } from "./Addon.ts"
import { lastLines, run } from "./Command.ts"
import { fileTrouble, publish, readBytes, replace } from "./files.ts"
import type { Plan } from "./Plan.ts"
import * as Progress from "./Progress.ts"
import { CompileFailed, ToolMissing } from "./SetUpError.ts"

/** Whether exactly the addon that the cache has for this plan is installed. */
export const isInstalled = Effect.fnUntraced(function* (addon: Addon) {
  const cached = yield* Effect.option(bytesOf(addon.cached))
  const installed = yield* Effect.option(bytesOf(addon.installed))
  return (
    cached._tag === "Some" && installed._tag === "Some" && Buffer.compare(cached.value, installed.value) === 0
  )
})

/** An addon has some megabytes. */
const bytesOf = (file: string) => readBytes(file, 2 ** 28)

/** Whether the cache holds the compiled addon. */
export const isCompiled = Effect.fnUntraced(function* (addon: Addon) {
  const fs = yield* FileSystem.FileSystem
  return yield* fileTrouble(fs.exists(addon.cached))
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
export const commandOf = (compiler: string): readonly [string, ReadonlyArray<string>] => {
  const [program = compiler, ...args] = compiler.trim().split(/\s+/)
  return [program, args]
}

/** Compiles an addon's sources against the library in the cache. */
export const compile = Effect.fnUntraced(function* (addon: Addon, compiler: string, staging: string) {
  const path = yield* Path.Path
  const output = path.join(staging, path.basename(addon.installed))
  const compiling = Effect.gen(function* () {
    const [program, args] = commandOf(compiler)
    const compiled = yield* run(program, [...args, ...addon.compilerArguments, "-o", output])
    if (compiled.exitCode === 0) return
    const problem = `${compiler} could not compile ${addon.name}:\n${lastLines(compiled.output, 12)}`
    const hint = "it must know C++17 (g++ 9 or clang 10 and newer); name another one with CXX"
    return yield* new CompileFailed({ problem, hint })
  })
  yield* Progress.step(`compiling ${addon.name}`, compiling)
  yield* publish(output, addon.cached)
})

/** Copies the addon to where it is looked for, so that a reader sees the old one or the new one. */
export const install = Effect.fnUntraced(function* (addon: Addon) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* fileTrouble(fs.makeDirectory(path.dirname(addon.installed), { recursive: true }))
  yield* replace(addon.installed, yield* bytesOf(addon.cached))
})
