import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "@effect/vitest"

/**
 * Gives the tests of a file, and the programs that they start, temporary files of their own, and removes them in the end:
 * whatever a test leaves behind, the machine is as it was.
 */
const folder = mkdtempSync(join(tmpdir(), "moco-test-"))
// As the system's: tests that are about other users let them in.
chmodSync(folder, 0o755)
process.env["TMPDIR"] = folder

// The last of the setup files: its hook is the first to be called, and one that fails keeps the others from it.
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
