import { defineConfig } from "vitest/config"
import { CountReporter } from "./tools/count-reporter.ts"
import { reachedAssertions } from "./tools/reached-assertions.ts"

const project = (name: string, root: string) => ({
  extends: true as const,
  test: {
    name,
    root,
    include: ["test/**/*.test.ts"],
    setupFiles: ["test-setup", "test-assertions", "test-reached"].map(
      (file) => new URL(`./tools/${file}.ts`, import.meta.url).pathname
    )
  }
})

export default defineConfig({
  plugins: [reachedAssertions()],
  test: {
    projects: [
      ...["core", "data", "train", "cli"].map((name) => project(name, `packages/${name}`)),
      project("tools", "tools"),
      project("examples", "examples")
    ],
    reporters: ["default", new CountReporter()],
    // What a test prints is shown when it fails.
    silent: "passed-only",
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 240_000,
    hookTimeout: 240_000,
    coverage: { provider: "v8", include: ["packages/*/src/**/*.ts"], reporter: ["text-summary", "lcov"] }
  }
})
