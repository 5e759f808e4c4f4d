import { defineConfig } from "vitest/config"
import { reachedAssertions } from "../../reached-assertions.ts"

/** Runs tests that cannot fail, of which each should: for tools/test/assertions.test.ts. */
export default defineConfig({
  plugins: [reachedAssertions()],
  cacheDir: "../../../node_modules/.vite/assertions",
  test: {
    include: ["*.cases.ts"],
    setupFiles: ["test-setup", "test-assertions", "test-reached", "test-temporary"].map(
      (file) => new URL(`../../${file}.ts`, import.meta.url).pathname
    )
  }
})
