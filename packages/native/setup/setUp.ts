import { readdirSync } from "node:fs"
import { join } from "node:path"
import { Console, Duration, Effect } from "effect"
import { installedCacheFolder, installedFiles, installedLibrary } from "../src/installed.ts"
import * as Addons from "./Addons.ts"
import { replace, requireOwnCache, stagingDir } from "./files.ts"
import * as Library from "./Library.ts"
import * as Lock from "./Lock.ts"
import { type Places, type Plan, placesOf } from "./Plan.ts"
import * as Stamp from "./Stamp.ts"
import { stampFileOf } from "./Wanted.ts"

/**
 * Links tfjs-node to libtensorflow: the library from TensorFlow's wheel, the binding compiled from the package's own
 * source, and the project's own ops compiled beside it. Does only what is missing, and nothing when all is there; a
 * kill at any point leaves nothing half-made.
 */
export const setUp = Effect.fn("setUp")(function* (plan: Plan) {
  yield* requireOwnCache(plan.cacheDir)
  // The sources are read again after their state was taken: what changes meanwhile is noticed by the next start.
  const stamp = yield* stampOf(plan, yield* placesOf(plan))
  const places = yield* placesOf(plan)
  const isWhole = (yield* Library.isReady(plan, places)) && (yield* all(places.addons, Addons.isInstalled))
  // An earlier set-up has not said what it was of.
  const isOfPlan =
    installedCacheFolder(plan.installDir) === plan.cacheDir &&
    installedLibrary(plan.installDir) === plan.distribution.id
  if (isWhole && isOfPlan) return Stamp.write(stampFileOf(plan), stamp)
  const work = Effect.gen(function* () {
    yield* Lock.hold(places.lock)
    const staging = yield* stagingDir(plan.cacheDir, plan.distribution.id)
    // Looked at again under the lock: another process may have done the work.
    const needsCompiler =
      !(yield* Library.isReady(plan, places)) || !(yield* all(places.addons, Addons.isCompiled))
    // Asked for first: nobody wants to hear of a missing compiler after a long download.
    const compiler = needsCompiler ? yield* Addons.compilerOf(plan) : ""
    if (!(yield* Library.isReady(plan, places))) yield* Library.install(plan, places, staging)
    for (const addon of places.addons) {
      if (!(yield* Addons.isCompiled(addon))) yield* Addons.compile(addon, compiler, staging)
      yield* Addons.install(addon)
    }
    const { cacheFolder, library } = installedFiles(plan.installDir)
    yield* replace(cacheFolder, plan.cacheDir)
    yield* replace(library, plan.distribution.id)
  }).pipe(Effect.scoped)
  const [took] = yield* Effect.timed(work)
  const seconds = Duration.toSeconds(took).toFixed(1)
  yield* Console.log(`libtensorflow ${plan.distribution.tensorflow.version} is set up (${seconds} s)`)
})

/** The state of all that a set-up depends on: its own program, the sources, the library, what is compiled and installed. */
const stampOf = Effect.fnUntraced(function* (plan: Plan, places: Places) {
  const folders = [import.meta.dirname, join(import.meta.dirname, "..", "src")]
  const own = folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
  const parts = places.addons.flatMap(({ cached, inputs, installed }) => [...inputs, cached, installed])
  const paths = [...own, places.manifest, ...(yield* Library.filesOf(places)), ...parts]
  return Stamp.take(plan, paths)
})

const all = <A, E, R>(items: ReadonlyArray<A>, holds: (item: A) => Effect.Effect<boolean, E, R>) =>
  Effect.map(Effect.forEach(items, holds), (answers) => answers.every(Boolean))
