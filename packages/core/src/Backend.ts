import util from "node:util"
import { redirectBinding } from "@moco/native/AddonsFolder"
import { troubleOf } from "@moco/native/CacheFolder"
import { cacheDirOf } from "@moco/native/cacheDir"
import { installedCacheFolder } from "@moco/native/installed"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Layer, Predicate, Schema } from "effect"
import * as EnvironmentInvalid from "./EnvironmentInvalid.ts"
import { buildOfNativeOps, giveBackPagesOnce, loadNativeOps } from "./internal/kernels/nativeOps.ts"
import * as ProcessEnvironment from "./ProcessEnvironment.ts"
import { upTo } from "./Setting.ts"
import * as Stage from "./Stage.ts"

/** No backend could be loaded; `hint` is the command that mends it. */
export class BackendUnavailable extends Schema.TaggedError<BackendUnavailable>()("BackendUnavailable", {
  backend: Schema.String,
  hint: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    // An error of another realm is no instance of this one's Error.
    const reason = Predicate.hasProperty(this.cause, "message") ? this.cause.message : this.cause
    return `the ${this.backend} backend cannot be loaded: ${String(reason).split("\n", 1)[0]}\n  ${this.hint}`
  }
}

/** What a config says of the backend. */
export const BackendSettings = Schema.Struct({
  name: Schema.Literals(["tensorflow", "cpu"]).annotate({
    description: "libtensorflow, or tfjs's JavaScript kernels (about 500 times slower, for tests)"
  }),
  threads: upTo(1024).annotate({ description: "threads inside one operation", unit: "threads" })
})
export type BackendSettings = typeof BackendSettings.Type

/** Where tensors live and are computed. Every stage that computes depends on it, so none starts without one. */
export class Backend extends Context.Service<
  Backend,
  {
    readonly name: "tensorflow" | "cpu"
    /** Version of the library that computes: libtensorflow's, or tfjs's own. */
    readonly version: string
    /** The device ops are placed on. `gpu` only where libtensorflow has GPU kernels and found a device. */
    readonly device: "cpu" | "gpu"
    /** The build of the project's own ops, where they are loaded: a step then takes about 0.6 of the time. */
    readonly nativeOps: string | undefined
  }
>()("@moco/core/Backend") {
  /**
   * libtensorflow through the N-API binding of `@tensorflow/tfjs-node-gpu`, CPU or CUDA by the library it is
   * linked to. Loading takes about half a second.
   *
   * **Gotchas** The library reads its thread settings once, when it is loaded: the first layer decides. Results
   * are equal to the bit only for the same number of threads.
   *
   * @param threads  threads inside an op (default: the library's choice, all cores)
   */
  static readonly layerTensorflow = (settings: { readonly threads?: number } = {}) =>
    Layer.effect(Backend, loadTensorflow(settings))

  /** tfjs's JavaScript kernels: no native library, about 500 times slower; for small deterministic tests. */
  static readonly layerCpu = Layer.effect(
    Backend,
    Effect.gen(function* () {
      // The whole package, because the bare core has no gradients registered.
      yield* Effect.tryPromise({
        try: () => import("@tensorflow/tfjs"),
        catch: (cause) => new BackendUnavailable({ backend: "cpu", hint: "run: npm ci", cause })
      })
      tf.enableProdMode()
      yield* Effect.promise(() => tf.setBackend("cpu"))
      return Backend.of({ name: "cpu", version: tf.version_core, device: "cpu", nativeOps: undefined })
    })
  )
}

/** The backend that is named. */
export const layerOf = ({ name, threads }: BackendSettings) =>
  Layer.unwrap(
    Effect.as(
      Stage.check("Backend", Stage.count("threads", threads, "threads inside one operation")),
      name === "cpu" ? Backend.layerCpu : Backend.layerTensorflow({ threads })
    )
  )

const loadTensorflow = Effect.fnUntraced(function* ({ threads }: { readonly threads?: number }) {
  yield* EnvironmentInvalid.check(process.env)
  ProcessEnvironment.setForLoading(process.platform, process.env)
  if (threads !== undefined) {
    // TensorFlow takes an empty one for all cores.
    process.env["TF_NUM_INTRAOP_THREADS"] ||= String(threads)
    process.env["TF_NUM_INTEROP_THREADS"] ||= "1"
  }
  standInForRemovedUtilities()
  for (const folder of cacheFolders()) {
    const trouble = troubleOf(folder)
    if (trouble === undefined) continue
    return yield* new BackendUnavailable({
      backend: "tensorflow",
      hint: trouble.hint,
      cause: new Error(trouble.problem)
    })
  }
  const node = yield* Effect.tryPromise({
    try: () => {
      loadNativeOps()
      redirectBinding()
      return import("@tensorflow/tfjs-node-gpu")
    },
    catch: (cause) =>
      new BackendUnavailable({
        backend: "tensorflow",
        hint: "run: npx nx run tools:libtensorflow (MOCO_NATIVE_OPS=0 does without the project's own ops)",
        cause
      })
  })
  yield* Effect.promise(() => tf.setBackend("tensorflow"))
  giveBackPagesOnce()
  const native = node.default.backend() as unknown as NativeBackend
  return Backend.of({
    name: "tensorflow",
    version: native.binding.TF_Version,
    device: native.isUsingGpuDevice ? "gpu" : "cpu",
    nativeOps: buildOfNativeOps()
  })
})

/** What is loaded comes from there: the cache that the set-up has installed from, and the one of this process. */
const cacheFolders = (): ReadonlySet<string> =>
  new Set(
    [installedCacheFolder(), cacheDirOf(process.platform, process.env)].filter(
      (folder) => folder !== undefined
    )
  )

/** tfjs-node calls two functions that Node 22 warns about and Node 23 has removed. */
const standInForRemovedUtilities = () => {
  Object.assign(util, {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray
  })
}

interface NativeBackend {
  readonly binding: { readonly TF_Version: string }
  readonly isUsingGpuDevice: boolean
}
