import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { cacheDirOf } from "@moco/core/cacheDir"
import { nativeSourcesDir } from "@moco/core/internal/nativeSources"

/** What a process asks of the set-up, by its platform and environment. */
export interface Wanted {
  /** As in `process.platform` and `process.arch`. */
  readonly system: string
  /** Whether the library is to have GPU kernels. */
  readonly cuda: boolean
  /** The per-user cache; everything is made here first. Empty where there is no place for one. */
  readonly cacheDir: string
  /** The tfjs-node package: its `binding` is compiled, into its `lib` the result is linked. */
  readonly packageDir: string
  /** Folder of the project's own ops, where this platform has them. */
  readonly opsDir?: string
}

const require = createRequire(import.meta.url)

export const packageDirOf = (name: string): string => dirname(require.resolve(`${name}/package.json`))

export const wantedBy = ({
  arch,
  env,
  platform
}: Pick<NodeJS.Process, "arch" | "env" | "platform">): Wanted => {
  const hasOps = platform === "linux" && arch === "x64" && env["MOCO_NATIVE_OPS"] !== "0"
  return {
    system: `${platform} ${arch}`,
    cuda: env["MOCO_CUDA"] === "1",
    cacheDir: cacheDirOf(platform, env) ?? "",
    packageDir: packageDirOf("@tensorflow/tfjs-node-gpu"),
    // Their vectors are those of x86 processors since about 2014; elsewhere TensorFlow's ops do the work.
    ...(hasOps ? { opsDir: nativeSourcesDir } : {})
  }
}

/** Equal for what is the same set-up. */
export const keyOf = ({ cacheDir, cuda, opsDir, packageDir, system }: Wanted): string =>
  JSON.stringify([system, cuda, cacheDir, packageDir, opsDir])

/** Where the stamp of a set-up lies: with what it links, so that both go together. */
export const stampFileOf = (packageDir: string): string => join(packageDir, "lib", "set-up.json")
