import { Schema } from "effect"

/** A thread could not be started, or has ended before it was done: it needs descriptors and memory of its own. */
export class ThreadFailed extends Schema.TaggedError<ThreadFailed>()("ThreadFailed", {
  cause: Schema.Defect()
}) {}
