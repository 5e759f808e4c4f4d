import { shorten } from "@moco/train/RunConfig/Problem"
import { Effect, Path } from "effect"
import { heldIn } from "./holds.ts"
import { runSubject } from "./runParts.ts"
import type { Picture, Subject } from "./Subject.ts"
import { runStatus } from "./status.ts"
import type { ReadStudy } from "./watchedStudy.ts"

/** The page of whatever a folder holds, once it holds something. */
export const folderSubject = Effect.fn("watch.folderSubject")(function* (
  folder: string,
  readStudy: ReadStudy
) {
  const path = yield* Path.Path
  const title = shorten(path.basename(path.resolve(folder)), 60)
  let subject: Subject | undefined
  const look = Effect.gen(function* () {
    if (subject !== undefined) return yield* subject.look
    const found = yield* heldIn(folder)
    if (found === "run") subject = yield* runSubject(folder)
    // Drawing a study takes code that a run's page does without.
    if (found === "study") {
      const { studySubject } = yield* Effect.promise(() => import("./studyParts.ts"))
      subject = yield* studySubject(folder, readStudy)
    }
    if (subject === undefined) return false
    yield* subject.look
    return true
  })
  const waiting: Picture = {
    kind: "waiting",
    title,
    parts: [
      {
        id: "status",
        html: runStatus({
          ...{ name: title, state: "waiting", status: undefined, heardAt: undefined },
          reason: "there is no run and no study in this folder yet; what begins there is shown here"
        })
      }
    ]
  }
  const whole: Subject = { look, draw: Effect.suspend(() => subject?.draw ?? Effect.succeed(waiting)) }
  return whole
})
