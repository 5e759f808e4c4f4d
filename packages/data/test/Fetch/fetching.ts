import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { download } from "@moco/data/Fetch/download"
import { Patience } from "@moco/data/Fetch/Patience"
import { Effect, Layer } from "effect"
import { placed } from "../published/archives.ts"
import { type Answer, bytesOf, heard, published, serve, sha256 } from "./server.ts"

export const bytes = bytesOf(300_000)

export const patience = {
  answer: "500 millis",
  stall: "300 millis",
  firstWait: "2 millis",
  retries: 3
} as const

/** Fetches a file from a server of this machine into an empty folder. */
export const fetching = Effect.fnUntraced(function* (answer: Answer, expected: Uint8Array = bytes) {
  const { asked, origin } = yield* serve(answer)
  const dir = yield* placed({})
  const { events, kinds, observe } = heard()
  const file = published(expected, `${origin}/mine.tar.gz`)
  const run = Effect.provideService(download("mine", file, dir, observe), Patience, patience)
  return {
    asked,
    dir,
    events,
    kinds,
    run,
    origin,
    target: join(dir, file.name),
    names: () => readdirSync(dir).sort()
  }
})

export const services = Layer.mergeAll(NodeServices.layer, NodeHttpClient.layerUndici)

/** The file under its name is the right one, and nothing is left beside it. */
export const assertWhole = ({
  names,
  target
}: {
  readonly names: () => ReadonlyArray<string>
  readonly target: string
}) => {
  assert.strictEqual(sha256(readFileSync(target)), sha256(bytes))
  assert.deepStrictEqual(names(), ["mine.tar.gz"])
}
