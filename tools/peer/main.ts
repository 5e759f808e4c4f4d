import * as os from "node:os"
import { fileURLToPath } from "node:url"
import { helpConsole } from "@moco/core/EscapedConsole"
import { cacheDirOf, noCacheDir } from "@moco/native/cacheDir"
import { Console, Effect, Option } from "effect"
import { Command, TerminalCapabilities } from "effect/cli"
import { runTool } from "../runTool.ts"
import { compare } from "./compare.ts"
import { casesOf, flags, outOf, programsOf } from "./flags.ts"
import { PeerFileTrouble } from "./PeerError.ts"
import { isComplete } from "./Report.ts"
import * as Torch from "./torch.ts"

// What is compiled and installed into the cache is run: nobody else may write to it.
process.umask(process.umask() | 0o022)

const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

const peer = Command.make(
  "peer",
  flags,
  Effect.fnUntraced(function* (given) {
    // What is wrong with the flags comes before PyTorch is installed.
    const cases = yield* casesOf(given)
    const programs = yield* programsOf(given)
    const out = yield* outOf(given)
    const cacheDir = cacheDirOf(process.platform, process.env)
    if (cacheDir === undefined) return yield* new PeerFileTrouble(noCacheDir)
    const own = Option.getOrElse(given.python, () => process.env["MOCO_PEER_PYTHON"] ?? "")
    const { executable, ...versions } =
      own === "" ? yield* Torch.setUp({ cacheDir, python: "python3" }) : yield* Torch.given(own)
    const report = yield* compare({
      places: {
        node: process.execPath,
        main: pathOf("../../packages/cli/src/main.ts"),
        python: executable,
        script: pathOf("./moco_step.py"),
        cacheDir
      },
      versions,
      cases,
      programs,
      rounds: given.rounds,
      steps: Option.getOrUndefined(given.steps),
      warmUp: given.warmUp,
      threads: Option.getOrElse(given.threads, () => os.availableParallelism()),
      augment: given.augment === "on",
      pauseMs: 1000,
      out,
      root: pathOf("../..")
    })
    if (!isComplete(report)) process.exitCode = 1
  })
).pipe(
  Command.withDescription("Compares the training step with the same step in PyTorch, on the CPU, in turns")
)

Command.run(peer, { version: "0.0.0" }).pipe(
  Effect.onInterrupt(() => Console.error("peer: interrupted")),
  Effect.provide(TerminalCapabilities.layer),
  // The help is our own text, and coloured.
  (program) => runTool(program, { console: helpConsole })
)
