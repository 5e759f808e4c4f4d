import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { cacheDirOf } from "@moco/core/cacheDir"
import { addonsDirFor } from "@moco/core/internal/addons"
import { nativeSourcesDir } from "@moco/core/internal/nativeSources"

/** What a process asks of the set-up, by its platform and environment. */
export interface Wanted {
  /** As in `process.platform` and `process.arch`. */
  readonly system: string
  /** Whether the library is to have GPU kernels. */
  readonly cuda: boolean
  /** The per-user cache; everything is made here first. Empty where there is no place for one. */
  readonly cacheDir: string
  /** The tfjs-node package: its `binding` is compiled. */
  readonly packageDir: string
  /** Where the result is linked (default: the package's own `lib/napi-v8`). */
  readonly linkDir?: string
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
  const cacheDir = cacheDirOf(platform, env) ?? ""
  const packageDir = packageDirOf("@tensorflow/tfjs-node-gpu")
  const hasOps = platform === "linux" && arch === "x64" && env["MOCO_NATIVE_OPS"] !== "0"
  return {
    system: `${platform} ${arch}`,
    cuda: env["MOCO_CUDA"] === "1",
    cacheDir,
    packageDir,
    linkDir: addonsDirFor(packageDir, cacheDir),
    // Their vectors are those of x86 processors since about 2014; elsewhere TensorFlow's ops do the work.
    ...(hasOps ? { opsDir: nativeSourcesDir } : {})
  }
}

/** Equal for what is the same set-up. */
export const keyOf = ({ cacheDir, cuda, opsDir, packageDir, system }: Wanted): string =>
  JSON.stringify([system, cuda, cacheDir, packageDir, opsDir])

/** Whether two keys ask for the same but, perhaps, another cache. */
export const isSameButCache = (key: string, other: string): boolean => {
  const withoutCache = (text: string) => JSON.stringify((JSON.parse(text) as Array<unknown>).toSpliced(2, 1))
  return withoutCache(key) === withoutCache(other)
}

/** Where the compiled addons of a set-up are linked. */
export const linkDirOf = ({ linkDir, packageDir }: Pick<Wanted, "linkDir" | "packageDir">): string =>
  linkDir ?? join(packageDir, "lib", "napi-v8")

/** Where the stamp of a set-up lies: with what it links, so that both go together. */
export const stampFileOf = (wanted: Pick<Wanted, "linkDir" | "packageDir">): string =>
  join(dirname(linkDirOf(wanted)), "set-up.json")
