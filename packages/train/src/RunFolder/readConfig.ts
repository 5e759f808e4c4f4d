import { Effect } from "effect"
import { decodeStored } from "../RunConfig.ts"
import { readStructuredFile } from "../readStructuredFile.ts"
import type { RunFolder } from "./files.ts"

/** The config of the run in a folder, one of an older program as it would be written today. */
export const readConfig = Effect.fn("RunFolder.readConfig")(function* ({ config }: RunFolder) {
  return yield* decodeStored(yield* readStructuredFile("config", config))
})
