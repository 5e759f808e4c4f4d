import * as RunFolder from "@moco/train/RunFolder"
import { Effect } from "effect"

/**
 * Loads a part of the program that draws, when something is drawn: it takes a third of a second that no other command
 * should wait for. It may be missing, or there may be no descriptor left to read it by.
 */
export const loadDrawing = <A>(
  { hint, path }: { readonly path: string; readonly hint: string },
  load: () => Promise<A>
) =>
  Effect.tryPromise({
    try: load,
    catch: (cause) =>
      new RunFolder.RunFolderUnwritable({
        path,
        reason: `what draws charts cannot be loaded: ${cause instanceof Error ? cause.message : cause}`,
        hint
      })
  })
