import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { addonsDirFor, ownAddonsDir } from "../src/AddonsFolder.ts"
import { cacheDirOf } from "../src/cacheDir.ts"
import { hasSets, type InstructionSet, instructionSets } from "../src/InstructionSets.ts"
import { packageDir } from "../src/sources.ts"

/** What a process asks of the set-up, by its platform and environment. */
export interface Wanted {
  /** As in `process.platform` and `process.arch`. */
  readonly system: string
  /** Whether the library is to have GPU kernels. */
  readonly cuda: boolean
  /** The per-user cache; everything is made here first. Empty where there is no place for one. */
  readonly cacheDir: string
  /** The tfjs-node package: its `binding` is compiled. */
  readonly bindingPackage: string
  /** Where the result is linked for this user. */
  readonly linkDir: string
  /** Where it is linked for the owner of the checkout: the same, but for a guest who may not write there. */
  readonly ownersLinkDir: string
  /** The project's own ops, where this platform has them. */
  readonly ops?: OwnOps
}

/** The project's own ops: the folder of their sources, and what they are compiled for, once each. */
export interface OwnOps {
  readonly dir: string
  readonly sets: ReadonlyArray<InstructionSet>
}

const require = createRequire(import.meta.url)

export const packageDirOf = (name: string): string => dirname(require.resolve(`${name}/package.json`))

export const wantedBy = ({
  arch,
  env,
  platform
}: Pick<NodeJS.Process, "arch" | "env" | "platform">): Wanted => {
  const cacheDir = cacheDirOf(platform, env) ?? ""
  const hasOps = hasSets(platform, arch) && env["MOCO_NATIVE_OPS"] !== "0"
  return {
    system: `${platform} ${arch}`,
    cuda: env["MOCO_CUDA"] === "1",
    cacheDir,
    bindingPackage: packageDirOf("@tensorflow/tfjs-node-gpu"),
    linkDir: addonsDirFor(packageDir, cacheDir),
    ownersLinkDir: ownAddonsDir(packageDir),
    // Elsewhere TensorFlow's ops do the work.
    ...(hasOps ? { ops: { dir: packageDir, sets: instructionSets } } : {})
  }
}

/** Equal for what is the same set-up. */
export const keyOf = ({ bindingPackage, cacheDir, cuda, ops, system }: Wanted): string =>
  JSON.stringify([system, cuda, cacheDir, bindingPackage, ops])

/** Whether two keys ask for the same but, perhaps, another cache. */
export const isSameButCache = (key: string, other: string): boolean => {
  const withoutCache = (text: string) => JSON.stringify((JSON.parse(text) as Array<unknown>).toSpliced(2, 1))
  return withoutCache(key) === withoutCache(other)
}

/** Where the stamp of a set-up lies: with what it links, so that both go together. */
export const stampFileOf = ({ linkDir }: Pick<Wanted, "linkDir">): string => join(linkDir, "set-up.json")
