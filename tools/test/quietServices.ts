import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Layer, Terminal } from "effect"

/** Node's services, with a terminal that shows nothing: what a program draws there is no output of its test. */
export const quietServices = Layer.effect(
  Terminal.Terminal,
  Effect.map(Terminal.Terminal, (terminal) => Terminal.make({ ...terminal, display: () => Effect.void }))
).pipe(Layer.provideMerge(NodeServices.layer))
