import { readFileSync } from "node:fs"

/** Instructions of a processor for which the ops are compiled, in a file of their own. */
export interface InstructionSet {
  readonly name: string
  /** What makes the compiler use them. The width of the vectors follows from it (kernels/shared/vectors.h). */
  readonly compilerFlags: ReadonlyArray<string>
  /** What a processor says in `/proc/cpuinfo` that has all of them. */
  readonly needs: ReadonlyArray<string>
}

/** The builds that there are, the best one first: a new one is a line here. */
export const instructionSets: ReadonlyArray<InstructionSet> = [
  // Every x86 processor since about 2014.
  { name: "avx2", compilerFlags: ["-mavx2", "-mfma"], needs: ["avx2", "fma"] }
]

/** The file of the ops that were compiled for a set, in the folder of the addons. */
export const fileOfOps = ({ name }: InstructionSet): string => `moco_ops.${name}.node`

/** The best set that a processor with these features has; nothing where it has none of them. */
export const bestSet = (
  features: ReadonlyArray<string>,
  sets: ReadonlyArray<InstructionSet> = instructionSets
): InstructionSet | undefined =>
  sets.find(({ needs }) => needs.every((feature) => features.includes(feature)))

/** The features of the first processor in a text like `/proc/cpuinfo`. */
export const featuresIn = (cpuinfo: string): ReadonlyArray<string> =>
  /^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.trim().split(/\s+/) ?? []

/** Whether the ops are compiled for processors of this kind at all. */
export const hasSets = (platform: string, arch: string): boolean => platform === "linux" && arch === "x64"

/** The best set of the processor that this runs on: a folder may be shared with an older machine. */
export const bestSetHere = (sets?: ReadonlyArray<InstructionSet>): InstructionSet | undefined =>
  hasSets(process.platform, process.arch)
    ? bestSet(featuresIn(readFileSync("/proc/cpuinfo", "utf8")), sets)
    : undefined
