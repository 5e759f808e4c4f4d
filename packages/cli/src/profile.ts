import * as Escape from "@moco/core/Escape"
import * as SafeFile from "@moco/core/SafeFile"
import { defaultProfile, type Profile, type ProfileSettings, profiled } from "@moco/train/Profile"
import { operationCosts, stepMilliseconds } from "@moco/train/Profile/operationCosts"
import { traceText } from "@moco/train/Profile/traceFile"
import * as RunFolder from "@moco/train/RunFolder"
import { Console, Effect, FileSystem, Option, Path } from "effect"
import { Flag } from "effect/cli"
import { namedFlag } from "./flags.ts"

/** `--profile` alone means the default file: what no argument can be, so `--profile=` is not taken for it. */
const isDefault = "\0"

/** @param place  where the default file lies */
export const profileFlag = (place: string) =>
  namedFlag("profile").pipe(
    Flag.withDescription(
      `write where the time of ${defaultProfile.numSteps} steps goes, down to TensorFlow's operations, for chrome://tracing or ui.perfetto.dev (default: ${place})`
    ),
    Flag.withMetavar("FILE"),
    Flag.withOptionalValue(isDefault),
    Flag.optional
  )

/** The file that the flag asks for, if any; whether it can be written is found out now and not after the steps. */
export const profileFileOf = Effect.fn("cli.profileFileOf")(function* (
  flag: Option.Option<string>,
  defaultFile: string
) {
  if (Option.isNone(flag)) return undefined
  const path = yield* Path.Path
  const file = flag.value === isDefault || flag.value === "" ? defaultFile : flag.value
  yield* RunFolder.unwritable(file)(SafeFile.makeFolders(path.dirname(file)))
  yield* write(file, { numSteps: 0, spans: [], operations: [] })
  return file
})

/**
 * Profiles the first steps that an effect takes, where there is a file to put it in. What took longest is told when the
 * effect has ended: until then a progress bar may stand there.
 */
export const withProfile =
  (file: string | undefined, settings: ProfileSettings = defaultProfile) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.suspend(() => {
      if (file === undefined) return effect
      let tell = Console.error("warning: there is no profile, for no step was taken")
      const handOver = (profile: Profile) =>
        profile.numSteps === 0
          ? Effect.void
          : Effect.match(replace(file, profile), {
              // Of a run of hours nobody wants to lose the rest for want of its profile.
              onFailure: ({ message }) => {
                tell = Console.error(`warning: ${message}`)
              },
              onSuccess: () => {
                tell = Console.log(renderProfile(profile, file))
              }
            })
      return effect.pipe(profiled(settings, handOver), Effect.ensuring(Effect.suspend(() => tell)))
    })

const write = (file: string, profile: Profile) =>
  RunFolder.writeFile(file, new TextEncoder().encode(traceText(profile)))

/** Where the file that was written at the start is gone, its folder may be another one by now. */
const replace = Effect.fnUntraced(function* (file: string, profile: Profile) {
  const fileSystem = yield* FileSystem.FileSystem
  if (yield* RunFolder.unwritable(file)(fileSystem.exists(file))) return yield* write(file, profile)
  const reason = "it, or its folder, was removed, moved or replaced meanwhile"
  return yield* new RunFolder.RunFolderUnwritable({ path: file, reason, hint: "take another profile" })
})

const numShown = 10

/** The dearest operations, one a line. */
export const renderProfile = (profile: Profile, file: string): string => {
  const costs = operationCosts(profile)
  const row = (name: string, count: string, milliseconds: string) =>
    `  ${name.padEnd(40)}${count.padStart(8)}${milliseconds.padStart(12)}`
  const number = (value: number, digits: number) => value.toFixed(digits)
  const all = costs.reduce(
    (sum, cost) => ({ count: sum.count + cost.countPerStep, ms: sum.ms + cost.msPerStep }),
    { count: 0, ms: 0 }
  )
  return [
    "",
    `profile of ${profile.numSteps} steps: ${Escape.line(file)} (open it in ui.perfetto.dev or chrome://tracing)`,
    row("operation, per step", "calls", "ms"),
    ...costs
      .slice(0, numShown)
      .map(({ countPerStep, msPerStep, name }) => row(name, number(countPerStep, 1), number(msPerStep, 2))),
    row("all operations", number(all.count, 1), number(all.ms, 2)),
    row("the whole step", "", number(stepMilliseconds(profile), 2))
  ].join("\n")
}
