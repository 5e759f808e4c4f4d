import { Command } from "effect/cli"
import { compare } from "./runs/compare.ts"
import { list } from "./runs/list.ts"
import { rm } from "./runs/rm.ts"
import { show } from "./runs/show.ts"

/** `moco runs`: what was trained. */
export const runs = Command.make("runs").pipe(
  Command.withDescription("Look at runs: which there are, what each has found, how they differ; remove them"),
  Command.withSubcommands([list, show, compare, rm]),
  Command.withExamples([
    { command: "npx moco runs list", description: "the runs below runs/, the newest first" },
    { command: "npx moco runs show runs/fashionMnist10k-1", description: "all about one of them" },
    { command: "npx moco runs compare runs/mine-1 runs/mine-2", description: "side by side" }
  ])
)
