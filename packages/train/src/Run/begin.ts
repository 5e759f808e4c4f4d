import * as Escape from "@moco/core/Escape"
import * as SafeFile from "@moco/core/SafeFile"
import { ByteSize, Effect, FileSystem, Option } from "effect"
import * as RunFolder from "../RunFolder.ts"
import { hasOtherConfig } from "./goOnWith.ts"
import { beginWith } from "./initialWeights.ts"
import type { Prepared } from "./prepare.ts"
import { warning } from "./RunMessages.ts"
import type { RunStart } from "./start.ts"

/**
 * Puts a run's folder to where training begins: its config, what it runs on, the weights that it begins with, and the log
 * without what belongs to steps that are taken again.
 *
 * @returns what is left to do once there is a log
 */
export const begin = Effect.fn("Run.begin")(function* (
  start: RunStart,
  folder: RunFolder.RunFolder,
  { environment }: Prepared
) {
  if (!hasOtherConfig(start)) yield* RunFolder.writeConfig(folder, start.config)
  yield* RunFolder.writeEnvironment(folder, environment)
  const initialised = yield* beginWith(start, folder)
  yield* cutLog(folder.metrics, start.from?.manifest.progress.logPosition ?? 0)
  return initialised
})

/** Removes from the log what belongs to steps that are taken again. */
const cutLog = Effect.fnUntraced(function* (metrics: string, position: number) {
  const fileSystem = yield* FileSystem.FileSystem
  const found = yield* Effect.option(fileSystem.stat(metrics))
  if (Option.isNone(found) && position === 0) return
  const size = Option.match(found, { onNone: () => 0, onSome: ({ size }) => Number(ByteSize.toBigInt(size)) })
  if (size >= position) return yield* RunFolder.unwritable(metrics)(SafeFile.cut(metrics, position))
  const missing = `${Escape.line(metrics)} ends ${position - size} bytes before the checkpoint was made`
  yield* warning(`${missing}: the run goes on, and these lines are lost`)
})
