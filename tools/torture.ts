import { prepareProcess } from "@moco/core/prepareProcess"

// As the real program does: what is proved in this process is proved in its surroundings.
prepareProcess()

await import("./torture/main.ts")
