import { Schema } from "effect"

/** The page cannot be served at a port. */
export class PortUnavailable extends Schema.TaggedError<PortUnavailable>()("PortUnavailable", {
  port: Schema.Int,
  reason: Schema.String
}) {
  override get message() {
    return `port ${this.port} of 127.0.0.1 cannot be listened at: ${this.reason}\n  name another one by --port=N; --port=0 takes one that is free`
  }
}
