import { statfs } from "node:fs/promises"
import { Effect, FileSystem, Path, Schema } from "effect"
import { lastLines, run } from "./Command.ts"
import { fileTrouble, publish, readBytes, replace } from "./files.ts"
import type { Places, Plan } from "./Plan.ts"
import * as Progress from "./Progress.ts"
import { DiskFull, DownloadFailed, HashMismatch, ToolMissing, UnpackFailed } from "./SetUpError.ts"
import type { Distribution } from "./Wheel.ts"

/** Says what lies in the folder; written last, so a folder without it is not finished. */
const Manifest = Schema.fromJsonString(
  Schema.Struct({
    wheel: Schema.String,
    /** By path from the folder of TensorFlow's libraries. */
    sizes: Schema.Record(Schema.String, Schema.Int)
  })
)

/** Every pinned wheel: a changed pin of a CUDA library makes a cache stale too. */
const wheelsOf = ({ companions, tensorflow }: Distribution) =>
  [tensorflow, ...companions].map(({ sha256 }) => sha256).join(" ")

/** Whether the library is in the cache: of the pinned wheels, and all its files as long as they were. */
export const isReady = Effect.fnUntraced(function* (plan: Plan, places: Places) {
  const path = yield* Path.Path
  const manifest = yield* manifestOf(places)
  if (manifest._tag === "None" || manifest.value.wheel !== wheelsOf(plan.distribution)) return false
  const { sizes } = manifest.value
  if (plan.distribution.libraries.some((name) => sizes[name] === undefined)) return false
  for (const [name, expected] of Object.entries(sizes)) {
    const size = yield* Effect.option(sizeOf(path.join(places.libraryDir, "tensorflow", name)))
    if (size._tag === "None" || size.value !== expected) return false
  }
  return true
})

/** The files that the library in the cache consists of, CUDA's included. */
export const filesOf = Effect.fnUntraced(function* (places: Places) {
  const path = yield* Path.Path
  const manifest = yield* manifestOf(places)
  const names = manifest._tag === "None" ? [] : Object.keys(manifest.value.sizes)
  return names.map((name) => path.join(places.libraryDir, "tensorflow", name))
})

const manifestOf = Effect.fnUntraced(function* ({ manifest }: Places) {
  return yield* readBytes(manifest, 2 ** 20).pipe(
    Effect.flatMap((bytes) => Schema.decodeUnknownEffect(Manifest)(bytes.toString("utf8"))),
    Effect.option
  )
})

const sizeOf = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  return Number((yield* fs.stat(file)).size)
})

/** Downloads and unpacks the library, and puts it into the cache as a whole. */
export const install = Effect.fnUntraced(function* (plan: Plan, places: Places, staging: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { distribution } = plan
  yield* requirePython(plan)
  yield* requireSpace(plan)
  const wheels = path.join(staging, "wheels")
  yield* Progress.whileGrowing(
    `downloading ${distribution.tensorflow.name} ${distribution.tensorflow.version} (${distribution.downloadMb} MB)`,
    staging,
    distribution.downloadMb * 1e6,
    download(plan, wheels, staging)
  )
  const unpacked = path.join(staging, "library")
  yield* Progress.step("unpacking the libraries and headers", unpack(plan, wheels, unpacked))
  const sizes: Record<string, number> = {}
  for (const name of [...distribution.libraries, ...(yield* companionFiles(unpacked))]) {
    sizes[name] = yield* fileTrouble(sizeOf(path.join(unpacked, "tensorflow", name)))
  }
  const manifest = JSON.stringify({ wheel: wheelsOf(distribution), sizes })
  yield* replace(path.join(unpacked, "manifest.json"), manifest)
  yield* fileTrouble(fs.remove(places.libraryDir, { recursive: true, force: true }))
  yield* publish(unpacked, places.libraryDir)
  yield* fileTrouble(fs.remove(wheels, { recursive: true, force: true }))
})

/** The CUDA libraries beside TensorFlow's, by path from its folder; none without CUDA. */
const companionFiles = Effect.fnUntraced(function* (unpacked: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const dir = path.join(unpacked, "nvidia")
  if (!(yield* fileTrouble(fs.exists(dir)))) return []
  const names = yield* fileTrouble(fs.readDirectory(dir, { recursive: true }))
  return names.filter((name) => /\.(?:so[.\d]*|bc)$|\/bin\//.test(name)).map((name) => `../nvidia/${name}`)
})

const requirePython = Effect.fnUntraced(function* ({ python }: Plan) {
  const found = yield* run(python, ["-c", "import sys; print('python', sys.version_info >= (3, 8))"])
  if (found.exitCode !== 0 || !found.output.includes("python True")) {
    const problem = `Python 3.8 or newer is missing (looked for ${python})`
    return yield* new ToolMissing({ problem, hint: "install it, e.g. apt-get install python3 python3-pip" })
  }
  const pip = yield* run(python, ["-m", "pip", "--version"])
  if (pip.exitCode !== 0) {
    const problem = `pip is missing (${python} -m pip does not run)`
    return yield* new ToolMissing({
      problem,
      hint: "install it, e.g. apt-get install python3-pip, or python3 -m ensurepip"
    })
  }
})

const requireSpace = Effect.fnUntraced(function* ({ cacheDir, distribution }: Plan) {
  const free = yield* Effect.promise(() =>
    statfs(cacheDir).then(({ bavail, bsize }) => (bavail * bsize) / 1e6)
  )
  if (free >= distribution.neededMb) return
  const problem = `${cacheDir} has ${Math.floor(free)} MB free; the set-up needs ${distribution.neededMb} MB`
  return yield* new DiskFull({ problem, hint: "make room, or choose another place with MOCO_CACHE_DIR" })
})

const download = Effect.fnUntraced(function* (plan: Plan, wheels: string, staging: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { distribution, python } = plan
  yield* fileTrouble(fs.makeDirectory(wheels, { recursive: true }))
  const pins = [distribution.tensorflow, ...distribution.companions]
  const requirements = path.join(staging, "requirements.txt")
  const lines = pins.map(({ name, sha256, version }) => `${name}==${version} --hash=sha256:${sha256}\n`)
  yield* replace(requirements, lines.join(""))
  const pip = yield* run(python, pipArguments(distribution, requirements, wheels), {
    // pip collects a download in its temporary folder first: there its growth can be seen, and it goes with ours.
    TMPDIR: staging
  })
  if (pip.exitCode === 0) return
  if (/DO NOT MATCH THE HASHES/i.test(pip.output)) {
    const problem = `the wheel that pip got is not the pinned ${distribution.tensorflow.name} ${distribution.tensorflow.version}:\n${lastLines(pip.output)}`
    return yield* new HashMismatch({
      problem,
      hint: "check which package index pip is set to (pip config list), then try again"
    })
  }
  const problem = `pip could not get ${distribution.tensorflow.name} ${distribution.tensorflow.version}:\n${lastLines(pip.output)}`
  return yield* new DownloadFailed({
    problem,
    hint: "check the network and pip's package index (pip config list), then try again"
  })
})

const pipArguments = ({ platforms, pythonVersion }: Distribution, requirements: string, wheels: string) => [
  ...[
    "-m",
    "pip",
    "download",
    "--disable-pip-version-check",
    "--no-input",
    "--no-cache-dir",
    "--progress-bar=off"
  ],
  ...[
    "--no-deps",
    "--only-binary=:all:",
    "--require-hashes",
    "--requirement",
    requirements,
    "--dest",
    wheels
  ],
  ...platforms.map((platform) => `--platform=${platform}`),
  ...["--implementation=cp", `--python-version=${pythonVersion}`, `--abi=cp${pythonVersion.replace(".", "")}`]
]

/** Run by the Python that pip needed anyway: it streams, where most unzippers load a gigabyte. */
const unpackScript = `
import glob, os, shutil, sys, zipfile
wheels, target, *libraries = sys.argv[1:]
headers = ("tensorflow/include/tensorflow/c/", "tensorflow/include/tensorflow/core/platform/",
           "tensorflow/include/xla/tsl/", "tensorflow/include/tsl/")
wanted = {"tensorflow/" + name for name in libraries}
found = set()
for wheel in glob.glob(os.path.join(wheels, "*.whl")):
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            name = entry.filename
            is_header = name.startswith(headers) and name.endswith(".h")
            is_cuda = name.startswith("nvidia/") and ("/lib/" in name or "/nvvm/" in name or "/bin/" in name)
            if ".." in name.split("/") or not (name in wanted or is_header or is_cuda):
                continue
            path = os.path.join(target, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if not entry.is_dir():
                with archive.open(entry) as source, open(path, "wb") as copy:
                    shutil.copyfileobj(source, copy, 1 << 20)
                if "/bin/" in name:
                    os.chmod(path, 0o755)
                found.add(name)
missing = sorted(wanted - found)
if missing:
    sys.exit("not in the wheel: " + ", ".join(missing))
`

const unpack = Effect.fnUntraced(function* (plan: Plan, wheels: string, target: string) {
  const python = yield* run(plan.python, ["-c", unpackScript, wheels, target, ...plan.distribution.libraries])
  if (python.exitCode === 0) return
  const problem = `the wheel could not be unpacked:\n${lastLines(python.output, 3)}`
  return yield* new UnpackFailed({ problem, hint: "check the free space, then try again" })
})
