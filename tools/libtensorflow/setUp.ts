import { Clock, Console, Effect } from "effect"
import * as Binding from "./Binding.ts"
import { stagingDir } from "./files.ts"
import * as Library from "./Library.ts"
import * as Lock from "./Lock.ts"
import { type Plan, placesOf } from "./Plan.ts"

/**
 * Links tfjs-node to libtensorflow: the library from TensorFlow's wheel, the binding compiled from the package's own
 * source. Does only what is missing, and nothing when all is there; a kill at any point leaves nothing half-made.
 */
export const setUp = Effect.fn("setUp")(function* (plan: Plan) {
  const places = yield* placesOf(plan)
  if ((yield* Library.isReady(plan, places)) && (yield* Binding.isLinked(places))) return
  const start = yield* Clock.currentTimeMillis
  yield* Effect.gen(function* () {
    const staging = yield* stagingDir(plan.cacheDir)
    yield* Lock.hold(places.lock)
    // Looked at again under the lock: another process may have done the work.
    const needsCompiler = !(yield* Library.isReady(plan, places)) || !(yield* Binding.isCompiled(places))
    // Asked for first: nobody wants to hear of a missing compiler after a long download.
    const compiler = needsCompiler ? yield* Binding.compilerOf(plan) : ""
    if (!(yield* Library.isReady(plan, places))) yield* Library.install(plan, places, staging)
    if (!(yield* Binding.isCompiled(places))) yield* Binding.compile(plan, places, compiler, staging)
    yield* Binding.link(places)
  }).pipe(Effect.scoped)
  const took = ((yield* Clock.currentTimeMillis) - start) / 1000
  yield* Console.log(`libtensorflow ${plan.distribution.tensorflow.version} is linked (${took.toFixed(1)} s)`)
})
