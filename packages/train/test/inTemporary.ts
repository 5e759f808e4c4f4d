import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, FileSystem, Path, type Scope } from "effect"

/** A test with a folder of its own that goes with it; it is given the path of `name` in there, which is not yet. */
export const inTemporary = <E>(
  test: (path: string) => Effect.Effect<void, E, Scope.Scope | NodeServices.NodeServices>,
  name = "."
) =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    yield* test(path.join(yield* fileSystem.makeTempDirectoryScoped(), name))
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
