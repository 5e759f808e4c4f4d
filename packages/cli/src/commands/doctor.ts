import * as Escape from "@moco/core/Escape"
import { Console, Effect, Option, Schema } from "effect"
import { Command } from "effect/cli"
import { dataDirFlag, jsonFlag } from "../flags.ts"
import { checks } from "./doctor/checks.ts"

/** Something that training needs is missing. */
export class NotReady extends Schema.TaggedError<NotReady>()("NotReady", {
  missing: Schema.Array(Schema.String)
}) {
  override get message() {
    return `training cannot run yet: see ${this.missing.join(", ")} above\n  run the commands that are named there, then doctor again`
  }
}

const flags = {
  dataDir: dataDirFlag,
  json: jsonFlag("the findings")
}

const marks = { ok: "ok", optional: "-", missing: "MISSING" } as const

/** `moco doctor`: says what is there, and for everything that is not, the command that mends it. */
export const doctor = Command.make(
  "doctor",
  flags,
  Effect.fn("cli.doctor")(function* ({ dataDir, json }) {
    const findings = yield* checks(Option.getOrUndefined(dataDir))
    for (const { fix, found, name, state } of findings) {
      yield* Console.log(`${marks[state].padEnd(8)} ${name.padEnd(20)} ${Escape.line(found)}`)
      if (fix !== undefined)
        yield* Console.log(
          fix
            .split("\n")
            .map((line) => `${" ".repeat(30)}-> ${line.trim()}`)
            .join("\n")
        )
    }
    const missing = findings.filter(({ state }) => state === "missing").map(({ name }) => name)
    if (json) yield* Console.log(JSON.stringify({ ok: missing.length === 0, findings }))
    if (missing.length > 0) return yield* new NotReady({ missing })
  }, Effect.interruptible)
).pipe(
  Command.withDescription("Check what training needs; exit code 0 only if it can run"),
  Command.withExamples([{ command: "npx moco doctor", description: "what is there and what is not" }])
)
