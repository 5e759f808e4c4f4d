import type { Mutation } from "../Mutation.ts"

/** Mutations of what is kept of a run. */
export const stateMutations: ReadonlyArray<Mutation> = [
  {
    name: "state: moments not restored",
    file: "packages/train/src/RunState.ts",
    from: "yield* optimizer.restore(moments)",
    to: "void moments",
    tests: "train Resume",
    fear: "a resumed run takes other steps"
  },
  {
    name: "state: query encoder not restored",
    file: "packages/train/src/RunState.ts",
    from: `adopt(query, copies, "query")
        yield* optimizer.restore(moments)`,
    to: "yield* optimizer.restore(moments)",
    tests: "train Resume",
    fear: "a resumed run begins anew"
  },
  {
    name: "state: counters not restored",
    file: "packages/train/src/RunState.ts",
    from: "= apart(state.counters)",
    to: "= apart({})",
    tests: "train Resume",
    fear: "a resumed queue writes to other slots"
  },
  {
    name: "prune: keeps the oldest",
    file: "packages/train/src/Checkpoint/store.ts",
    from: "all.slice(keep).filter",
    to: "all.slice(0, -keep).filter",
    tests: "train CheckpointStore",
    fear: "the newest state is removed"
  },
  {
    name: "prune: removes the best",
    file: "packages/train/src/Checkpoint/store.ts",
    from: ".filter((step) => step !== best)",
    to: ".filter(() => best !== -1)",
    tests: "train CheckpointStore",
    fear: "the best encoder is lost"
  },
  {
    name: "save: manifest before the parts are on disk",
    file: "packages/core/src/SafeFile/writing.ts",
    from: `  yield* file.writeAll(bytes)
  yield* file.sync`,
    to: "  yield* file.writeAll(bytes)",
    tests: "train CheckpointStore",
    fear: "a power cut leaves a manifest of parts that are not there"
  },
  {
    name: "save: name not on disk",
    file: "packages/train/src/Checkpoint/store.ts",
    from: `yield* replace
    yield* SafeFile.syncFolder(root)`,
    to: "yield* replace",
    tests: "train CheckpointStore",
    fear: "a power cut loses a checkpoint that was said to be saved"
  },
  {
    name: "load: hash not compared",
    file: "packages/train/src/Checkpoint/load.ts",
    from: "if (sha256(content) !== expected)",
    to: 'if (sha256(content) === "")',
    tests: "train CheckpointStore",
    fear: "a flipped bit is trained on"
  },
  {
    name: "load: oldest first",
    file: "packages/train/src/Checkpoint/store.ts",
    from: ".sort((a, b) => b - a)",
    to: ".sort((a, b) => a - b)",
    tests: "train CheckpointStore",
    fear: "a run goes on from its oldest state"
  },
  {
    name: "checkpoints: epochs counted as steps",
    file: "packages/train/src/Checkpoints.ts",
    from: "step % (every.epochs * stepsPerEpoch)",
    to: "step % every.epochs",
    tests: "train Checkpoints",
    fear: "a save after every step"
  },
  {
    name: "log: torn line kept",
    file: "packages/train/src/jsonLines.ts",
    from: "return found < 0 ? undefined : start + found + 1",
    to: "return start + bytes.length",
    tests: "train RunLog",
    fear: "a resumed log holds a line that is none"
  },
  {
    name: "log: position not moved back",
    file: "packages/train/src/jsonLines.ts",
    from: `          yield* file.truncate(cut)
          end = cut`,
    to: "          yield* file.truncate(cut)",
    tests: "train RunLog",
    fear: "a second rollback cuts the log in the wrong place"
  }
]
