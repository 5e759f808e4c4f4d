import { fileURLToPath } from "node:url"

/** The program's file, by which it starts itself anew for a study's runs. */
export const mainFile = fileURLToPath(new URL("./main.ts", import.meta.url))
