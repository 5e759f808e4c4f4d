import { totalmem } from "node:os"
import { Context } from "effect"

/** Bytes of memory that this process may use: the machine's, or its share of it where a container or a limit says so. */
export const MachineMemory = Context.Reference<number>("@moco/train/MachineMemory", {
  defaultValue: () => {
    // 0 where it is not known, and more than there is where there is no limit.
    const limit = process.constrainedMemory()
    return limit > 0 ? Math.min(limit, totalmem()) : totalmem()
  }
})
