import { Worker } from "node:worker_threads"
import { Effect } from "effect"
import type { Image } from "../ImageSource.ts"
import { ImageUndecodable } from "./errors.ts"
import { type Job, type Outcome, run } from "./worker.ts"

/** Decodes a file. Interruption returns at once; a file that is being decoded is not waited for. */
export type Decode = (job: Job) => Effect.Effect<Image, ImageUndecodable>

/** A job that waits for its turn, or for its thread. */
interface Waiting {
  readonly job: Job
  readonly done: (outcome: Outcome) => void
}

/**
 * Decodes image files on `count` threads of their own, until the Scope closes: a step of training is one long call, in
 * which this thread reads nothing. Each thread has one file at a time, in the order in which they were asked for.
 *
 * A thread needs memory and descriptors. Where the system has none to give, files are decoded on this one.
 */
export const decodeOnThreads = (count: number) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => new Threads(count)),
      (threads) => Effect.promise(() => threads.end())
    ),
    (threads): Decode =>
      (job) =>
        Effect.callback<Image, ImageUndecodable>((resume) => {
          const waiting: Waiting = {
            job,
            done: (outcome) =>
              resume(
                "image" in outcome
                  ? Effect.succeed(outcome.image)
                  : Effect.fail(new ImageUndecodable({ file: job.path, ...outcome }))
              )
          }
          threads.ask(waiting)
          return Effect.sync(() => threads.forget(waiting))
        })
  )

/** Threads that are started when there is work for them. */
class Threads {
  private readonly waiting: Array<Waiting> = []
  private readonly idle = new Set<Worker>()
  private readonly busy = new Map<Worker, Waiting>()
  private readonly count: number

  constructor(count: number) {
    this.count = count
  }

  ask(waiting: Waiting): void {
    this.waiting.push(waiting)
    this.next()
  }

  forget(waiting: Waiting): void {
    const place = this.waiting.indexOf(waiting)
    if (place >= 0) this.waiting.splice(place, 1)
  }

  async end(): Promise<void> {
    const all = [...this.idle, ...this.busy.keys()]
    this.idle.clear()
    this.busy.clear()
    this.waiting.length = 0
    await Promise.all(all.map((worker) => worker.terminate()))
  }

  private next(): void {
    if (this.waiting.length === 0 || this.busy.size >= this.count) return
    const [idle] = this.idle
    const worker = idle ?? this.started()
    const waiting = this.waiting.shift()!
    if (worker === undefined) {
      decodeHere(waiting)
      return
    }
    this.idle.delete(worker)
    this.busy.set(worker, waiting)
    // The process stays while somebody waits, and not for a thread that has nothing to do.
    worker.ref()
    worker.postMessage(waiting.job)
  }

  private started(): Worker | undefined {
    try {
      const worker = new Worker(new URL("./worker.ts", import.meta.url))
      worker.on("message", (outcome: Outcome) => {
        const waiting = this.busy.get(worker)
        this.busy.delete(worker)
        worker.unref()
        this.idle.add(worker)
        waiting?.done(outcome)
        this.next()
      })
      worker.on("error", () => this.lost(worker))
      return worker
    } catch {
      return undefined
    }
  }

  /** A thread that could not start, or has ended: its file is no worse for it. */
  private lost(worker: Worker): void {
    const waiting = this.busy.get(worker)
    this.busy.delete(worker)
    this.idle.delete(worker)
    if (waiting !== undefined) decodeHere(waiting)
    this.next()
  }
}

const decodeHere = ({ done, job }: Waiting): void => void run(job).then(done)
