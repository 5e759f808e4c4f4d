import { Backend } from "@moco/core/Backend"
import * as ProcessEnvironment from "@moco/core/ProcessEnvironment"
import { Dataset } from "@moco/data/Dataset"
import * as FashionMnist from "@moco/data/Dataset/FashionMnist"
import { cpu } from "@moco/train/RunFolder/cpu"
import { defaultRecipe, recipes } from "@moco/train/recipes"
import { Effect, FileSystem, Option } from "effect"

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
export const checks = Effect.fn("cli.doctor.checks")(function* (dataDirs: ReadonlyArray<string>) {
  return [
    nodeFinding(process.versions.node),
    ...(yield* backendFindings),
    yield* cpuFinding,
    memoryFinding(process.platform, process.env),
    yield* embeddedFinding,
    yield* fullSetFinding(dataDirs),
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
          { name: "libtensorflow", state: "ok", found: `${version}, binding linked and loaded` },
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

const embeddedFinding = Effect.matchEffect(
  Effect.scoped(Effect.provide(Dataset, FashionMnist.layerEmbedded({ judge: "test" }))),
  {
    onFailure: ({ message }) =>
      Effect.succeed<Finding>({
        name: "fashion-mnist-10k",
        state: "missing",
        found: message.split("\n", 1)[0] ?? message,
        fix: "git checkout -- packages/data/assets"
      }),
    onSuccess: ({ test, train }) =>
      Effect.succeed<Finding>({
        name: "fashion-mnist-10k",
        state: "ok",
        found: `embedded, ${train.numImages} + ${test.numImages} images, checksums right`
      })
  }
)

const fullSetFinding = Effect.fnUntraced(function* (dataDirs: ReadonlyArray<string>) {
  const files = yield* FashionMnist.find(dataDirs)
  const missing = files.filter(({ path }) => Option.isNone(path)).map(({ file }) => file)
  if (missing.length === 0) {
    return { name: "fashion-mnist", state: "ok", found: "all four files are there" } satisfies Finding
  }
  return {
    name: "fashion-mnist",
    state: "optional",
    found: `not found: ${missing.join(", ")} (only recipe fashionMnist needs it)`,
    fix: "apt-get install dataset-fashion-mnist\nor name the folder of the four files with --data-dir"
  } satisfies Finding
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
