import { defineConfig } from "vitest/config"
import { CountReporter } from "./tools/count-reporter.ts"
import { reachedAssertions } from "./tools/reached-assertions.ts"

/** A project's tests; those under `test/long` take minutes and are a project of their own, which `npm test` leaves out. */
const projectsOf = (name: string, root: string) => [
  project(name, root, { include: ["test/**/*.test.ts"], exclude: ["test/long/**"] }),
  project(`${name}-long`, root, { include: ["test/long/**/*.test.ts"] })
]

const project = (
  name: string,
  root: string,
  files: { readonly include: Array<string>; readonly exclude?: Array<string> }
) => ({
  extends: true as const,
  test: {
    name,
    root,
    ...files,
    setupFiles: ["test-setup", "test-assertions", "test-reached", "test-temporary"].map(
      (file) => new URL(`./tools/${file}.ts`, import.meta.url).pathname
    )
  }
})

export default defineConfig({
  plugins: [reachedAssertions()],
  test: {
    projects: [
      ...["native", "core", "data", "evaluation", "train", "study", "report", "cli"].flatMap((name) =>
        projectsOf(name, `packages/${name}`)
      ),
      ...projectsOf("tools", "tools"),
      ...projectsOf("examples", "examples")
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
