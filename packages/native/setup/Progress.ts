import { Console, Duration, Effect, FileSystem, Path, Terminal } from "effect"
import { TerminalCapabilities } from "effect/cli"

/** Says what is being done, and how long it took. */
export const step = <A, E, R>(title: string, effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    yield* Console.log(`libtensorflow: ${title} ...`)
    const [took, result] = yield* Effect.timed(effect)
    yield* Console.log(`libtensorflow: ${title}: done in ${Duration.toSeconds(took).toFixed(1)} s`)
    return result
  })

/** Like {@link step}, with the size that `dir` has grown to: live on a terminal, every ten seconds elsewhere. */
export const whileGrowing = <A, E, R>(
  title: string,
  dir: string,
  totalBytes: number,
  effect: Effect.Effect<A, E, R>
) =>
  Effect.gen(function* () {
    const terminal = yield* Terminal.Terminal
    const { canAnimate } = yield* TerminalCapabilities.TerminalCapabilities
    const show = Effect.gen(function* () {
      const percent = Math.min(99, Math.floor((100 * (yield* sizeOf(dir))) / totalBytes))
      yield* Effect.ignore(terminal.display(canAnimate ? `\r\u001b[2K  ${percent} %` : `  ${percent} %\n`))
    })
    const watch = Effect.forever(Effect.andThen(Effect.sleep(canAnimate ? 200 : 10_000), Effect.ignore(show)))
    const result = yield* step(
      title,
      Effect.raceFirst(effect, watch).pipe(
        Effect.ensuring(canAnimate ? Effect.ignore(terminal.display("\r\u001b[2K")) : Effect.void)
      )
    )
    return result
  })

const sizeOf = (dir: string): Effect.Effect<number, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    let bytes = 0
    for (const name of yield* fs.readDirectory(dir, { recursive: true })) {
      const info = yield* Effect.option(fs.stat(path.join(dir, name)))
      if (info._tag === "Some" && info.value.type === "File") bytes += Number(info.value.size)
    }
    return bytes
  }).pipe(Effect.orElseSucceed(() => 0))
