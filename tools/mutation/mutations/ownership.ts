import type { Mutation } from "../Mutation.ts"

/** Mutations of what owns tensors and bytes. */
export const ownershipMutations: ReadonlyArray<Mutation> = [
  {
    name: "cell: frees what stays",
    file: "packages/core/src/Tensor.ts",
    from: "if (!kept.has(tensor)) tensor.dispose()",
    to: "tensor.dispose()",
    tests: "core Tensor",
    fear: "a commit frees tensors that the next step reads"
  },
  {
    name: "cell: frees nothing",
    file: "packages/core/src/Tensor.ts",
    from: "if (!kept.has(tensor)) tensor.dispose()",
    to: "if (kept.size < 0) tensor.dispose()",
    tests: "core Tensor",
    fear: "a step leaks its old state"
  },
  {
    name: "lease: keeps what was handed over",
    file: "packages/core/src/Tensor.ts",
    from: "for (const tensor of Object.values(tensors)) owned.delete(tensor)",
    to: "for (const tensor of Object.values(tensors)) owned.add(tensor)",
    tests: "core Tensor",
    fear: "the state is freed at the end of the step"
  },
  {
    name: "restore: order of the snapshot",
    file: "packages/core/src/Tensor.ts",
    from: "Object.fromEntries(Object.keys(current).map((name)",
    to: "Object.fromEntries(Object.keys(snapshot).map((name)",
    tests: "core Dictionary Tensor",
    fear: "sums over all parameters differ in their last bits after a restore"
  },
  {
    name: "safetensors: gaps allowed",
    file: "packages/core/src/Safetensors.ts",
    from: "if (begin !== covered)",
    to: "if (begin < covered)",
    tests: "core Safetensors",
    fear: "a hostile file hides bytes"
  }
]
