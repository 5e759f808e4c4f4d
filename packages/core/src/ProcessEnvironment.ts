/**
 * What has to stand in the environment before the process starts: glibc reads its malloc settings once, at start,
 * and libtensorflow its log level when it is loaded. A value that the user has set is left alone.
 *
 * The number of threads belongs to the config and is set by `Backend`, before the library is loaded.
 */
export interface EnvironmentVariable {
  readonly name: string
  readonly value: string
  /** Whether it is too late to set it inside the running process. */
  readonly beforeStart: boolean
  /** The platforms that it concerns, or all. */
  readonly platforms: ReadonlyArray<string> | "all"
  readonly reason: string
}

const glibc = { beforeStart: true, platforms: ["linux"] } as const
const keepMemory = "give big blocks back to the process and not to the system: up to a third faster steps"

/** The one table of them. */
export const variables: ReadonlyArray<EnvironmentVariable> = [
  { name: "MALLOC_MMAP_MAX_", value: "0", ...glibc, reason: keepMemory },
  { name: "MALLOC_TRIM_THRESHOLD_", value: String(2 ** 33), ...glibc, reason: keepMemory },
  { name: "MALLOC_TOP_PAD_", value: String(2 ** 28), ...glibc, reason: keepMemory },
  {
    name: "MALLOC_ARENA_MAX",
    value: "1",
    ...glibc,
    reason: "one heap for all threads, so that each can use what another gave back: 3 % less memory"
  },
  {
    name: "TF_ENABLE_ONEDNN_OPTS",
    value: "1",
    beforeStart: false,
    platforms: "all",
    reason: "oneDNN's convolutions also where the processor has no AVX-512: up to twice as fast"
  },
  {
    name: "TF_CPP_MIN_LOG_LEVEL",
    value: "2",
    beforeStart: false,
    platforms: "all",
    reason: "hide libtensorflow's notes about the processor; its errors stay"
  }
]

/**
 * Sets what is read only when libtensorflow is loaded, where it is not set yet. A process that was not prepared before its
 * start, such as a user's own program, gets at least this.
 */
export const setForLoading = (platform: string, environment: Record<string, string | undefined>): void => {
  for (const { beforeStart, name, value } of unset(platform, environment)) {
    if (!beforeStart) environment[name] = value
  }
}

/** What is not set yet on `platform` (as in `process.platform`). */
export const unset = (
  platform: string,
  environment: Readonly<Record<string, string | undefined>>
): ReadonlyArray<EnvironmentVariable> =>
  variables.filter(
    ({ name, platforms }) =>
      (platforms === "all" || platforms.includes(platform)) && environment[name] === undefined
  )
