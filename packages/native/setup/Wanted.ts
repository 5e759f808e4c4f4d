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
  /** The per-user cache; everything is made here first. Undefined where there is no place for one. */
  readonly cacheDir: string | undefined
  /** Candidates, the first that is installed is used. */
  readonly compilers: ReadonlyArray<string>
  /** The tfjs-node package: its `binding` is compiled. */
  readonly bindingPackage: string
  /** Where the result is copied to for this user. */
  readonly installDir: string
  /** Where it is copied to for the owner of the checkout: the same, but for a guest who may not write there. */
  readonly ownersInstallDir: string
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
  const cacheDir = cacheDirOf(platform, env)
  const compiler = (env["CXX"] ?? "").trim()
  const hasOps = hasSets(platform, arch) && env["MOCO_NATIVE_OPS"] !== "0"
  return {
    system: `${platform} ${arch}`,
    cuda: env["MOCO_CUDA"] === "1",
    cacheDir,
    compilers: compiler === "" ? ["c++", "g++", "clang++"] : [compiler],
    bindingPackage: packageDirOf("@tensorflow/tfjs-node-gpu"),
    installDir: addonsDirFor(packageDir, cacheDir),
    ownersInstallDir: ownAddonsDir(packageDir),
    // Elsewhere TensorFlow's ops do the work.
    ...(hasOps ? { ops: { dir: packageDir, sets: instructionSets } } : {})
  }
}

/** What a set-up was made for, as its stamp says it. */
export type Asked = Omit<Wanted, "ownersInstallDir">

export const askedOf = (wanted: Wanted): Asked => {
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
 * Whether what was set up for `asked` is enough for `wanted`. Ops that are not wanted do no harm; where somebody else set
 * it up, the checkout's owner, his cache and his compiler are as good.
 */
export const satisfies = (asked: Asked, wanted: Wanted): boolean => {
  const isSame = (part: keyof Asked) => JSON.stringify(asked[part]) === JSON.stringify(wanted[part])
  const isOwn = isSame("installDir")
  return (
    (["system", "cuda", "bindingPackage"] as const).every(isSame) &&
    (!isOwn || (isSame("cacheDir") && isSame("compilers"))) &&
    (wanted.ops === undefined || isSame("ops"))
  )
}

/** Where the stamp of a set-up lies: with what it installs, so that both go together. */
export const stampFileOf = ({ installDir }: Pick<Wanted, "installDir">): string =>
  join(installDir, "set-up.json")
