import { Backend } from "@moco/core/Backend"
import * as ProcessEnvironment from "@moco/core/ProcessEnvironment"
import * as Catalog from "@moco/data/Catalog"
import { dataDirsOf } from "@moco/train/dataDirs"
import { cpu } from "@moco/train/RunFolder/cpu"
import { defaultRecipe, recipes } from "@moco/train/recipes"
import { Effect, FileSystem, Option, type Path } from "effect"

/** What was found about one thing that training needs or can use. */
export interface Finding {
  readonly name: string
  /** `missing` stands in the way of training, `optional` does not. */
  readonly state: "ok" | "optional" | "missing"
  readonly found: string
  /** The command that mends it. */
  readonly fix?: string
}

/** Looks at everything, in the order in which one would mend it. */
export const checks = Effect.fn("cli.doctor.checks")(function* (dataDir: string | undefined) {
  return [
    nodeFinding(process.versions.node),
    ...(yield* backendFindings),
    yield* cpuFinding,
    memoryFinding(process.platform, process.env),
    ...(yield* Effect.forEach(Catalog.names, dataFinding(dataDir))),
    yield* folderFinding
  ] satisfies ReadonlyArray<Finding>
})

/** The oldest Node that Effect's platform package runs on. */
const oldestNode = [22, 19] as const

/** @param version  as in `process.versions.node` */
export const nodeFinding = (version: string): Finding => {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  const isOld = major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])
  const found = `${version} (${process.platform} ${process.arch})`
  if (!isOld) return { name: "Node", state: "ok", found }
  const fix = "npm ci, and start through npm, npx or nx, which then use the Node 22 that it brings"
  return { name: "Node", state: "missing", found: `${found}, older than ${oldestNode.join(".")}`, fix }
}

const backendFindings = Effect.gen(function* () {
  const { threads } = recipes[defaultRecipe]!().backend
  return yield* Effect.matchEffect(
    Effect.scoped(Effect.provide(Backend, Backend.layerTensorflow({ threads }))),
    {
      onFailure: ({ hint, message }) =>
        Effect.succeed<ReadonlyArray<Finding>>([
          {
            name: "libtensorflow",
            state: "missing",
            found: message.split("\n", 1)[0] ?? message,
            fix: hint.replace(/^run: /, "")
          }
        ]),
      onSuccess: ({ device, version }) =>
        Effect.succeed<ReadonlyArray<Finding>>([
          { name: "libtensorflow", state: "ok", found: `${version}, binding loaded` },
          { name: "device", state: "ok", found: device }
        ])
    }
  )
})

const cpuFinding = Effect.map(cpu, ({ cores, features, model }): Finding => {
  const { threads } = recipes[defaultRecipe]!().backend
  const found = `${model}, ${cores} cores, ${features.join(" ") || "no notable instruction sets"}; recipes use ${threads} threads`
  return { name: "processor", state: "ok", found }
})

/** @param platform  as in `process.platform` */
export const memoryFinding = (
  platform: string,
  variables: Readonly<Record<string, string | undefined>>
): Finding => {
  const unset = ProcessEnvironment.unset(platform, variables).map(({ name }) => name)
  if (unset.length === 0)
    return { name: "environment", state: "ok", found: "memory and log settings are in force" }
  return { name: "environment", state: "optional", found: `not set: ${unset.join(", ")}; steps are slower` }
}

/** Images that come with the repository are read, as nothing works without them; for others their files are looked for. */
const dataFinding = (dataDir: string | undefined) => (name: Catalog.CatalogName) =>
  Catalog.isInstalled(name) ? installedFinding(name, dataDir) : embeddedFinding(name)

const embeddedFinding = (name: Catalog.CatalogName) =>
  Effect.match(Effect.scoped(Catalog.sourcesOf(name, "test", [])), {
    onFailure: ({ message }): Finding => ({
      name,
      state: "missing",
      found: message.split("\n", 1)[0] ?? message,
      fix: Catalog.entryOf(name).place.fix.join("\n")
    }),
    onSuccess: ({ test, train }): Finding => ({
      name,
      state: "ok",
      found: `embedded, ${train.numImages} + ${test?.numImages ?? 0} images, checksums right`
    })
  })

const installedFinding = Effect.fnUntraced(function* (
  name: Catalog.CatalogName,
  dataDir: string | undefined
): Effect.fn.Return<Finding, never, FileSystem.FileSystem | Path.Path> {
  const files = yield* Catalog.find(name, yield* dataDirsOf(dataDir, name))
  const missing = files.filter(({ path }) => Option.isNone(path)).map(({ file }) => file)
  if (missing.length === 0) return { name, state: "ok", found: `all ${files.length} files are there` }
  const users = Object.keys(recipes).filter((recipe) => recipes[recipe]!().data.name === name)
  const only = users.length === 1 ? "recipe" : "recipes"
  return {
    name,
    state: "optional",
    found: `not found: ${missing.join(", ")}${users.length === 0 ? "" : ` (only ${only} ${users.join(", ")} needs it)`}`,
    fix: Catalog.entryOf(name).place.fix.join("\n")
  }
})

const folderFinding = Effect.gen(function* () {
  const fileSystem = yield* FileSystem.FileSystem
  const isWritable = yield* Effect.isSuccess(fileSystem.access(".", { writable: true }))
  if (isWritable)
    return { name: "run folders", state: "ok", found: "this folder can be written to" } satisfies Finding
  const found = "this folder cannot be written to"
  return {
    name: "run folders",
    state: "missing",
    found,
    fix: "start elsewhere, or name a folder with --out"
  } satisfies Finding
})
