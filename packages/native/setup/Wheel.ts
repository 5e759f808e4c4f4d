import { Effect } from "effect"
import { PlatformUnsupported } from "./SetUpError.ts"

/** A file of the Python package index, by name, version and SHA-256. */
export interface PinnedWheel {
  readonly name: string
  readonly version: string
  readonly sha256: string
}

/** What is taken for one system: TensorFlow's wheel, and with CUDA the libraries beside it. */
export interface Distribution {
  /** Names the folder in the cache. */
  readonly id: string
  readonly tensorflow: PinnedWheel
  readonly companions: ReadonlyArray<PinnedWheel>
  /** What pip must be told, so that any Python 3 gets the same files. */
  readonly platforms: ReadonlyArray<string>
  readonly pythonVersion: string
  /** The two shared libraries inside the wheel. */
  readonly libraries: readonly [string, string]
  /** Rounded up, in MB (10^6 bytes): the download, and all that is there at once while it is unpacked. */
  readonly downloadMb: number
  readonly neededMb: number
}

const version = "2.21.0"

const linuxLibraries = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"] as const
const linuxPlatforms = [
  "manylinux_2_28_x86_64",
  "manylinux_2_27_x86_64",
  "manylinux_2_17_x86_64",
  "manylinux2014_x86_64",
  "manylinux2010_x86_64"
]

const linuxCpu: Distribution = {
  id: `tensorflow-cpu-${version}-linux-x64`,
  tensorflow: {
    name: "tensorflow-cpu",
    version,
    sha256: "2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c"
  },
  companions: [],
  platforms: linuxPlatforms,
  pythonVersion: "3.11",
  libraries: linuxLibraries,
  downloadMb: 274,
  neededMb: 1_300
}

/** GPU kernels; the CUDA 12 libraries are those of the wheel's extra `and-cuda`. Run on a CPU only so far. */
const linuxCuda: Distribution = {
  ...linuxCpu,
  id: `tensorflow-cuda-${version}-linux-x64`,
  tensorflow: {
    name: "tensorflow",
    version,
    sha256: "9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124"
  },
  companions: [
    ["nvidia-cublas-cu12", "12.9.3.13", "d7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72"],
    ["nvidia-cuda-cupti-cu12", "12.8.90", "ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182"],
    ["nvidia-cuda-nvcc-cu12", "12.9.86", "5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0"],
    ["nvidia-cuda-nvrtc-cu12", "12.9.86", "210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4"],
    [
      "nvidia-cuda-runtime-cu12",
      "12.9.79",
      "25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3"
    ],
    ["nvidia-cudnn-cu12", "9.28.0.42", "9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375"],
    ["nvidia-cufft-cu12", "11.4.1.4", "c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28"],
    ["nvidia-curand-cu12", "10.3.10.19", "49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e"],
    ["nvidia-cusolver-cu12", "11.7.5.82", "15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88"],
    [
      "nvidia-cusparse-cu12",
      "12.5.10.65",
      "73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78"
    ],
    ["nvidia-nccl-cu12", "2.32.3", "bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c"],
    ["nvidia-nvjitlink-cu12", "12.9.86", "e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9"]
  ].map(([name, version, sha256]) => ({ name: name!, version: version!, sha256: sha256! })),
  downloadMb: 3_400,
  neededMb: 10_000
}

/** Written after the wheel's contents; not tried on a Mac yet. */
const macArm: Distribution = {
  id: `tensorflow-${version}-darwin-arm64`,
  tensorflow: {
    name: "tensorflow",
    version,
    sha256: "56ecd7d47429acbe1df2694d50b75bf9fc3995ac92cb367cd9af6c4780ead712"
  },
  companions: [],
  platforms: ["macosx_12_0_arm64"],
  pythonVersion: "3.12",
  libraries: ["libtensorflow_cc.2.dylib", "libtensorflow_framework.2.dylib"],
  downloadMb: 223,
  neededMb: 1_200
}

/**
 * Whether the library is to have GPU kernels: as it was asked for, else as the one that is installed has them.
 *
 * @param installed  the folder of that library in the cache, of any version
 */
export const withGpuKernels = (asked: boolean | undefined, installed: string | undefined): boolean =>
  asked ?? installed?.startsWith("tensorflow-cuda-") ?? false

/** The system that the set-up runs on. */
export interface System {
  readonly platform: string
  readonly arch: string
  /** Whether the C library is glibc; musl (Alpine) cannot load the wheel's libraries. */
  readonly isGlibc: boolean
}

/** The distribution for a system. */
export const distributionFor = (
  { arch, isGlibc, platform }: System,
  cuda: boolean
): Effect.Effect<Distribution, PlatformUnsupported> => {
  const refuse = (problem: string, hint: string) => Effect.fail(new PlatformUnsupported({ problem, hint }))
  const name = `${platform} ${arch}`
  if (platform === "linux" && arch === "x64") {
    if (isGlibc) return Effect.succeed(cuda ? linuxCuda : linuxCpu)
    return refuse(
      "TensorFlow has no library for musl (Alpine)",
      "use a system with glibc, such as Debian or Ubuntu"
    )
  }
  if (cuda) return refuse(`there are no GPU kernels for ${name}`, "leave out --cuda (or MOCO_CUDA)")
  if (platform === "darwin" && arch === "arm64") return Effect.succeed(macArm)
  const hint = "Linux x64 (glibc) is proven, macOS arm64 is written; on Windows use WSL 2"
  return refuse(`TensorFlow ${version} has no library to link to for ${name}`, hint)
}
