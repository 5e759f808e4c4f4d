import * as Escape from "@moco/core/Escape"
import { makeBoard } from "@moco/report/live/watch/Board"
import { folderSubject } from "@moco/report/live/watch/folderSubject"
import { serveBoard } from "@moco/report/live/watch/server"
import type { ReadStudy } from "@moco/report/live/watch/watchedStudy"
import { Console, Effect } from "effect"
import { HttpServer } from "effect/http"
import { layerLoopback } from "./loopback.ts"

/** What is served, and where. */
export interface WatchOptions {
  readonly folder: string
  readonly port: number
  readonly readStudy: ReadStudy
}

/** Serves the page of a folder until it is interrupted, and says where. */
export const serve = ({ folder, port, readStudy }: WatchOptions) =>
  Effect.gen(function* () {
    const board = yield* makeBoard(yield* folderSubject(folder, readStudy))
    yield* board.update
    const { address } = yield* HttpServer.HttpServer
    yield* Console.log(
      `${HttpServer.formatAddress(address)}/ shows ${Escape.line(folder)} while it goes on; Ctrl-C ends it`
    )
    return yield* serveBoard(board)
  }).pipe(Effect.provide(layerLoopback(port)), Effect.scoped)
