import * as Escape from "@moco/core/Escape"
import type { Ground } from "@moco/report/html/plots"
import { writePlots } from "@moco/report/html/writePlots"
import { Console, Effect, Option } from "effect"
import { FlagsInvalid } from "../../FlagsInvalid.ts"

/** As the flag names them. */
export const grounds = ["light", "dark"] as const satisfies ReadonlyArray<Ground>

interface Asked {
  readonly plots: Option.Option<string>
  readonly ground: Option.Option<Ground>
  readonly isOfStudy: boolean
}

/** A study's charts are files already, and a ground is that of plots. */
export const requirePage = Effect.fnUntraced(function* ({ ground, isOfStudy, plots }: Asked) {
  if (Option.isSome(ground) && Option.isNone(plots)) {
    const problem = "no plots are written without --plots, and the page itself follows the reader's screen"
    const hint = "leave it away, or give --plots=DIR too"
    return yield* new FlagsInvalid({ flags: `--ground=${ground.value}`, problem, hint })
  }
  if (Option.isSome(plots) && isOfStudy) {
    const problem = "the charts of a study lie beside its page already, as SVG and PNG"
    const hint = "leave it away, or name a run of the study"
    return yield* new FlagsInvalid({ flags: `--plots=${plots.value}`, problem, hint })
  }
})

/** Writes the plots of a page, and says how many there are and what they lack. */
export const plotFiles = Effect.fn("cli.plotFiles")(function* (
  html: string,
  folder: string,
  ground: Option.Option<Ground>
) {
  const { count, left } = yield* writePlots(
    html,
    folder,
    Option.getOrElse(ground, () => "light" as const)
  )
  for (const picture of left) yield* Console.error(Escape.line(`left out of the plots: ${picture}`))
  yield* Console.log(`${count} plots in ${Escape.line(folder)}`)
})
