import { Command } from "effect/cli"
import { pack } from "./data/pack.ts"
import { show } from "./data/show.ts"

/** `moco data`: what there is to train on. */
export const data = Command.make("data").pipe(
  Command.withDescription("Look at data sets: those that are known by name, and folders of one's own"),
  Command.withSubcommands([show, pack])
)
