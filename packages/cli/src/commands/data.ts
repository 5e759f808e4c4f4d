import { Command } from "effect/cli"
import { fetch } from "./data/fetch.ts"
import { list } from "./data/list.ts"
import { pack } from "./data/pack.ts"
import { show } from "./data/show.ts"
import { verify } from "./data/verify.ts"

/** `moco data`: what there is to train on. */
export const data = Command.make("data").pipe(
  Command.withDescription("Look at data sets: those that are known by name, and folders of one's own"),
  Command.withSubcommands([list, fetch, verify, show, pack]),
  Command.withExamples([
    { command: "npx moco data list", description: "the data sets that have a name" },
    { command: "npx moco data fetch cifar10", description: "get one of them" },
    { command: "npx moco data show --data=photos", description: "what is in a folder of one's own" }
  ])
)
