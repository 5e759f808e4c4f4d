import * as SafeFile from "@moco/core/SafeFile"
import { makeCacheFolder, troubleOf } from "@moco/native/CacheFolder"
import { lastLines, run } from "@moco/native/setup/Command"
import * as FolderLock from "@moco/train/FolderLock"
import { Clock, Console, Effect, FileSystem, Path, Schedule, Schema } from "effect"
import { InstallFailed, PeerFileTrouble, PythonMissing, TorchUnusable, VenvFailed } from "./PeerError.ts"
import { pipInstall } from "./pipInstall.ts"

export const torchVersion = "2.13.0"

/** Reads what a run exports. */
export const safetensorsVersion = "0.8.0"

/** The oldest Python that this PyTorch is built for. */
const oldestPython = [3, 10] as const

/** Where PyTorch is put, and by which Python. */
export interface TorchPlan {
  readonly cacheDir: string
  readonly python: string
}

/** A Python that has PyTorch. */
export interface Torch {
  readonly executable: string
  readonly python: string
  readonly torch: string
  /** Nothing where it is not installed. */
  readonly safetensors: string | null
}

const Versions = Schema.fromJsonString(
  Schema.Struct({
    python: Schema.String,
    torch: Schema.String,
    safetensors: Schema.NullOr(Schema.String)
  })
)

const versionsScript = `
import json, platform, torch
try:
    from safetensors import __version__ as safetensors
except ImportError:
    safetensors = None
print(json.dumps({"python": platform.python_version(), "torch": torch.__version__, "safetensors": safetensors}))
`

/** The versions that `executable` has, or what it says instead. */
const look = Effect.fnUntraced(function* (executable: string) {
  const { exitCode, output } = yield* run(executable, ["-c", versionsScript])
  const line = output.trimEnd().split("\n").at(-1) ?? ""
  const versions = yield* Effect.option(Schema.decodeUnknownEffect(Versions)(line))
  if (exitCode !== 0 || versions._tag === "None") return { executable, output } as const
  return { executable, ...versions.value } satisfies Torch
})

/** A Python of the user's own. */
export const given = Effect.fnUntraced(function* (executable: string) {
  const found = yield* look(executable)
  if ("torch" in found) return found
  return yield* new TorchUnusable({
    problem: `${executable} cannot import torch:\n${lastLines(found.output)}`,
    hint: "leave out --python (and MOCO_PEER_PYTHON), then PyTorch is installed into the cache"
  })
})

/** The folder of the virtual environment in a cache. */
export const venvName = `pytorch-${torchVersion}`

/** Written last: a virtual environment without it is not finished. */
const markerName = "installed.json"

/**
 * The Python of the cache's virtual environment, which is made where it is missing, cut short or broken. A kill at any
 * point leaves nothing that would be taken for finished.
 */
export const setUp = Effect.fn("peer.setUpTorch")(function* ({ cacheDir, python }: TorchPlan) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const dir = path.join(cacheDir, venvName)
  const marker = path.join(dir, markerName)
  const executable = path.join(dir, "bin", "python")
  yield* requireOwnCache(cacheDir)
  const ready = Effect.gen(function* () {
    if (!(yield* fileTrouble(fs.exists(marker)))) return undefined
    const found = yield* look(executable)
    return "torch" in found && isPinned(found) ? found : undefined
  })
  const found = yield* ready
  if (found !== undefined) return found
  return yield* Effect.gen(function* () {
    yield* holdLock(path.join(cacheDir, `${venvName}.lock`))
    // Looked at again under the lock: another process may have done the work.
    const found = yield* ready
    if (found !== undefined) return found
    yield* requirePython(python)
    const start = yield* Clock.currentTimeMillis
    yield* Console.log(`peer: setting up PyTorch ${torchVersion} in ${dir} (once)`)
    yield* fileTrouble(fs.remove(dir, { recursive: true, force: true }))
    const made = yield* make(dir, executable, python).pipe(
      Effect.onExit((exit) =>
        exit._tag === "Success"
          ? Effect.void
          : Effect.ignore(fs.remove(dir, { recursive: true, force: true }))
      )
    )
    yield* fileTrouble(SafeFile.replaceText(marker, JSON.stringify(made)))
    const took = ((yield* Clock.currentTimeMillis) - start) / 1000
    yield* Console.log(`peer: PyTorch ${made.torch} is set up (${took.toFixed(0)} s)`)
    return made
  }).pipe(Effect.scoped)
})

/** A Python of the cache is run as whoever starts us: nobody else may have been able to put one there. */
const requireOwnCache = Effect.fnUntraced(function* (cacheDir: string) {
  const trouble = yield* fileTrouble(
    Effect.try({
      try: () => {
        makeCacheFolder(cacheDir)
        return troubleOf(cacheDir, (name) => name === venvName || name === "torchinductor")
      },
      catch: (cause) => ({ message: cause instanceof Error ? cause.message : String(cause) })
    })
  )
  if (trouble !== undefined) return yield* new PeerFileTrouble(trouble)
})

/** `2.13.0+cpu` is 2.13.0, built for the processor alone. */
const isPinned = ({ safetensors, torch }: Torch) =>
  torch.split("+", 1)[0] === torchVersion && safetensors === safetensorsVersion

const make = Effect.fnUntraced(function* (dir: string, executable: string, python: string) {
  const venv = yield* run(python, ["-m", "venv", dir])
  if (venv.exitCode !== 0) {
    return yield* new VenvFailed({
      problem: `${python} -m venv could not make a virtual environment:\n${lastLines(venv.output)}`,
      hint: "install what it asks for, e.g. apt-get install python3-venv"
    })
  }
  // Without GPU libraries where the index has such a build; else the plain one, which is right too and larger.
  const others = ["numpy", `safetensors==${safetensorsVersion}`]
  const small = yield* pipInstall(executable, [`torch==${torchVersion}+cpu`, ...others])
  if (small.exitCode !== 0) {
    const plain = yield* pipInstall(executable, [`torch==${torchVersion}`, ...others])
    if (plain.exitCode !== 0) {
      return yield* new InstallFailed({
        problem: `pip could not install PyTorch ${torchVersion}:\n${lastLines(plain.output)}`,
        hint: "check the network, the free space (2 GB; 8 GB where only the build with CUDA is to be had) and pip's package index (pip config list), or name a Python that has PyTorch with --python"
      })
    }
  }
  const found = yield* look(executable)
  if ("torch" in found) return found
  return yield* new TorchUnusable({
    problem: `PyTorch was installed and cannot be imported:\n${lastLines(found.output)}`,
    hint: "name a Python that has PyTorch with --python"
  })
})

const requirePython = Effect.fnUntraced(function* (python: string) {
  const [major, minor] = oldestPython
  const script = `import sys; print("python", sys.version_info >= (${major}, ${minor}))`
  const found = yield* run(python, ["-c", script])
  if (found.exitCode === 0 && found.output.includes("python True")) return
  return yield* new PythonMissing({
    problem: `Python ${major}.${minor} or newer is missing (looked for ${python})`,
    hint: "install it, e.g. apt-get install python3 python3-venv, or name a Python that has PyTorch with --python"
  })
})

const holdLock = Effect.fnUntraced(function* (file: string) {
  let hasSaidSo = false
  yield* FolderLock.hold(file, { onWatch: () => Effect.void }).pipe(
    Effect.tapError((error) => {
      if (error._tag !== "FolderLocked" || hasSaidSo) return Effect.void
      hasSaidSo = true
      return Console.log(`waiting for ${error.owner}, which sets up PyTorch too`)
    }),
    Effect.retry({ while: ({ _tag }) => _tag === "FolderLocked", schedule: Schedule.spaced("200 millis") }),
    Effect.mapError(({ message }) => new PeerFileTrouble({ problem: message, hint: cacheHint }))
  )
})

const cacheHint = "check the permissions, or choose another cache with MOCO_CACHE_DIR"

const fileTrouble = <A, R>(effect: Effect.Effect<A, { readonly message: string }, R>) =>
  Effect.mapError(effect, ({ message }) => new PeerFileTrouble({ problem: message, hint: cacheHint }))
