import type { Mutation } from "../Mutation.ts"

/** Mutations of the mechanisms, and of what they are made of. */
export const dictionaryMutations: ReadonlyArray<Mutation> = [
  {
    name: "queue: second direction from old statistics",
    file: "packages/core/src/Dictionary/Queue.ts",
    from: "key.network.train({ parameters, statistics }",
    to: "key.network.train({ parameters, statistics: key.statistics.get() }",
    tests: "core Queue",
    fear: "running statistics of the keys miss half of a symmetric batch"
  },
  {
    name: "queue: keys before the momentum update",
    file: "packages/core/src/Dictionary/Queue.ts",
    from: `const parameters = moved(step)
        let`,
    to: `const parameters = key.parameters.get()
        let`,
    tests: "core Queue",
    fear: "keys are encoded by the key encoder of the step before"
  },
  {
    name: "queue: pointer one short",
    file: "packages/core/src/Dictionary/Queue.ts",
    from: "(counters.pointer + numKeys) % size",
    to: "(counters.pointer + numKeys - 1) % size",
    tests: "core Queue",
    fear: "the newest key is overwritten in place of the oldest"
  },
  {
    name: "queue: first direction enqueued first",
    file: "packages/core/src/Dictionary/Queue.ts",
    from: "keys_ND.toReversed()",
    to: "keys_ND",
    tests: "core Queue",
    fear: "another order than the authors'"
  },
  {
    name: "queue: seed ignored",
    file: "packages/core/src/Dictionary/Queue.ts",
    from: "CounterRandom.make(seed,",
    to: "CounterRandom.make(0,",
    tests: "core Queue",
    fear: "every seed starts with the same queue"
  },
  {
    name: "enqueue: oldest keys of a long batch",
    file: "packages/core/src/internal/enqueue.ts",
    from: "rows(key_MD, numKeys - numWritten, numWritten)",
    to: "rows(key_MD, 0, numWritten)",
    tests: "core Queue",
    fear: "a queue shorter than the batch keeps the wrong keys"
  },
  {
    name: "ema: m and 1 - m reversed",
    file: "packages/core/src/MomentumUpdate.ts",
    from: "next: (key, query) => ema(key, query, m)",
    to: "next: (key, query) => ema(key, query, 1 - m)",
    tests: "core MomentumUpdate",
    fear: "the key encoder nearly copies the query encoder"
  },
  {
    name: "ema: cosine one step ahead",
    file: "packages/core/src/MomentumUpdate.ts",
    from: "risingMomentum(from, step / numSteps)",
    to: "risingMomentum(from, (step + 1) / numSteps)",
    tests: "core MomentumUpdate",
    fear: "m is that of the next step"
  },
  {
    name: "shuffle: order not undone",
    file: "packages/core/src/KeyShuffle.ts",
    from: 'tf.tensor1d(inverse_N, "int32")',
    to: 'tf.tensor1d(order_N, "int32")',
    tests: "core KeyShuffle",
    fear: "queries are compared with keys of other images"
  },
  {
    name: "shuffle: seed ignored",
    file: "packages/core/src/KeyShuffle.ts",
    from: "CounterRandom.make(seed, CounterRandom.Purpose.keyShuffle, step, direction)",
    to: "CounterRandom.make(0, CounterRandom.Purpose.keyShuffle, step, direction)",
    tests: "core KeyShuffle",
    fear: "every seed shuffles alike"
  },
  {
    name: "shuffle: same order in both directions",
    file: "packages/core/src/KeyShuffle.ts",
    from: "CounterRandom.Purpose.keyShuffle, step, direction)",
    to: "CounterRandom.Purpose.keyShuffle, step)",
    tests: "core KeyShuffle",
    fear: "the two directions share batch statistics"
  },
  {
    name: "bank: momentum reversed",
    file: "packages/core/src/Dictionary/MemoryBank.ts",
    from: "tf.mul(own_ND, entryMomentum)",
    to: "tf.mul(own_ND, 1 - entryMomentum)",
    tests: "core MemoryBank",
    fear: "entries follow too fast or too slowly"
  },
  {
    name: "bank: sum of the views",
    file: "packages/core/src/Dictionary/MemoryBank.ts",
    from: "(1 - entryMomentum) / queries_ND.length",
    to: "1 - entryMomentum",
    tests: "core MemoryBank",
    fear: "a symmetric loss changes the momentum"
  },
  {
    name: "bank: entries not normalised",
    file: "packages/core/src/Dictionary/MemoryBank.ts",
    from: "l2Normalize(tf.add(tf.mul(own_ND, entryMomentum), new_ND))",
    to: "tf.add(tf.mul(own_ND, entryMomentum), new_ND)",
    tests: "core MemoryBank",
    fear: "entries shrink"
  },
  {
    name: "bank: redraws the own entry",
    file: "packages/core/src/Dictionary/MemoryBank/negatives.ts",
    from: "other === image ? numImages - 1 : other",
    to: "other",
    tests: "core MemoryBank",
    fear: "a query is pushed from its own entry"
  },
  {
    name: "end-to-end: statistics not carried on",
    file: "packages/core/src/Dictionary/EndToEnd.ts",
    from: "statistics = encoded.statistics",
    to: "void encoded.statistics",
    tests: "core EndToEnd",
    fear: "keys keep their first running statistics"
  }
]
