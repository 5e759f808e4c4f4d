import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { parseHTML } from "linkedom"
import { readSource } from "../../src/html/run/readSource.ts"
import { runPage } from "../../src/html/run/runPage.ts"
import { type SampleRun, writeSampleRun } from "./sampleRun.ts"

export const fresh = () => mkdtempSync(join(tmpdir(), "report-"))

export const commandsOf = () => ({ repeat: "npx moco train --config=x", goOn: "npx moco train --resume=x" })

export const sourceOf = async (sample: SampleRun = {}, name = "run") =>
  Effect.runPromise(
    readSource(await writeSampleRun(join(fresh(), name), sample), commandsOf).pipe(
      Effect.provide(NodeServices.layer)
    )
  )

export const pageOf = async (sample: SampleRun = {}, name = "run") => runPage(await sourceOf(sample, name))

export const textOf = (html: string) => parseHTML(html).document.body.textContent.replaceAll(/\s+/g, " ")

export const limit = 2_000_000
