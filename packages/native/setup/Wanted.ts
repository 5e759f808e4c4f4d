import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { addonsDirFor, mayWrite, ownAddonsDir } from "../src/AddonsFolder.ts"
import { cacheDirOf } from "../src/cacheDir.ts"
import { hasSets, type InstructionSet, instructionSets } from "../src/InstructionSets.ts"
import { packageDir } from "../src/sources.ts"

/** What a process asks of the set-up, by its platform and environment. */
export interface Wanted {
  /** As in `process.platform` and `process.arch`. */
  readonly system: string
  /** Whether the library is to have GPU kernels; undefined where the one that is installed will do, whichever it is. */
  readonly cuda: boolean | undefined
  /** The per-user cache; everything is made here first. Undefined where there is no place for one. */
  readonly cacheDir: string | undefined
  /** Candidates, the first that is installed is used. */
  readonly compilers: ReadonlyArray<string>
  /** The tfjs-node package: its `binding` is compiled. */
  readonly bindingPackage: string
  /** Where the result is copied to for this user. */
  readonly installDir: string
  /** Where it is copied to for the owner of the checkout: the same, but for a guest who has a cache. */
  readonly ownersInstallDir: string
  /** Whether this user may write to the checkout; else he is a guest in it. */
  readonly isOwner: boolean
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

/** Compilers by the environment: the one that CXX names, else the usual ones. */
export const compilersIn = (env: NodeJS.ProcessEnv): ReadonlyArray<string> => {
  const named = (env["CXX"] ?? "").trim()
  return named === "" ? ["c++", "g++", "clang++"] : [named]
}

export const wantedBy = ({
  arch,
  env,
  platform
}: Pick<NodeJS.Process, "arch" | "env" | "platform">): Wanted => {
  const cacheDir = cacheDirOf(platform, env)
  const hasOps = hasSets(platform, arch) && env["MOCO_NATIVE_OPS"] !== "0"
  return {
    system: `${platform} ${arch}`,
    cuda: env["MOCO_CUDA"] ? env["MOCO_CUDA"] === "1" : undefined,
    cacheDir,
    compilers: compilersIn(env),
    bindingPackage: packageDirOf("@tensorflow/tfjs-node-gpu"),
    installDir: addonsDirFor(packageDir, cacheDir),
    ownersInstallDir: ownAddonsDir(packageDir),
    isOwner: mayWrite(packageDir),
    // Elsewhere TensorFlow's ops do the work.
    ...(hasOps ? { ops: { dir: packageDir, sets: instructionSets } } : {})
  }
}

/** What a set-up was made for, as its stamp says it. */
export type SetUpFor = Omit<Wanted, "ownersInstallDir" | "isOwner">

export const setUpForOf = (wanted: Wanted): SetUpFor => {
  const { bindingPackage, cacheDir, compilers, cuda, installDir, ops, system } = wanted
  return {
    system,
    cuda,
    cacheDir,
    compilers,
    bindingPackage,
    installDir,
    ...(ops === undefined ? {} : { ops })
  }
}

/**
 * Whether what was set up is enough for `wanted`. Ops that are not wanted do no harm; where the checkout's owner has set
 * it up for a guest, his cache and his compiler are as good.
 *
 * @param by  who has set it up
 */
export const satisfies = (done: SetUpFor, wanted: Wanted, by: "self" | "owner"): boolean => {
  const isSame = (part: keyof SetUpFor) => JSON.stringify(done[part]) === JSON.stringify(wanted[part])
  return (
    (["system", "bindingPackage"] as const).every(isSame) &&
    (wanted.cuda === undefined || isSame("cuda")) &&
    (by === "owner" || (["installDir", "cacheDir", "compilers"] as const).every(isSame)) &&
    (wanted.ops === undefined || isSame("ops"))
  )
}

/** Where the stamp of a set-up lies: with what it installs, so that both go together. */
export const stampFileOf = ({ installDir }: Pick<Wanted, "installDir">): string =>
  join(installDir, "set-up.json")
