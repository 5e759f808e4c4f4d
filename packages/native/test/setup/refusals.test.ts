import { existsSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Plan } from "../../setup/Plan.ts"
import {
  distribution,
  failure,
  freshPackage,
  freshPlan,
  incompleteDistribution,
  installed,
  script
} from "./fakePlan.ts"

describe("libtensorflow refuses, and says what to do,", () => {
  const refusals: ReadonlyArray<readonly [string, () => Plan, string, ReadonlyArray<string>]> = [
    [
      "without Python",
      () => freshPlan({ python: "no-such-python" }),
      "ToolMissing",
      ["no-such-python", "apt-get install python3"]
    ],
    [
      "without pip",
      () => freshPlan({ python: script('case "$*" in *pip*) exit 1;; esac; exec python3 "$@"') }),
      "ToolMissing",
      ["pip is missing", "python3-pip"]
    ],
    [
      "without a compiler",
      () => freshPlan({ compilers: ["no-such-cc"] }),
      "ToolMissing",
      ["no-such-cc", "apt-get install g++"]
    ],
    [
      "without room on the disk",
      () => freshPlan({ distribution: { ...freshPlan().distribution, neededMb: 1e12 } }),
      "DiskFull",
      ["MB free", "MOCO_CACHE_DIR"]
    ],
    [
      "a wheel of another hash",
      () => freshPlan({ distribution: distribution("moco-fake", "0".repeat(64)) }),
      "HashMismatch",
      ["not the pinned", "index"]
    ],
    [
      "without the wheel to be had",
      () => freshPlan({ distribution: distribution("moco-nowhere", "0".repeat(64)) }),
      "DownloadFailed",
      ["pip could not get", "network"]
    ],
    [
      "a wheel that lacks a library",
      () => freshPlan({ distribution: incompleteDistribution }),
      "UnpackFailed",
      ["tensorflow/libtwo.so.2"]
    ],
    [
      "a source that does not compile",
      () => freshPlan({ bindingPackage: freshPackage("this is not C++") }),
      "CompileFailed",
      ["could not compile", "CXX"]
    ],
    [
      "a package without sources",
      () => freshPlan({ bindingPackage: join(freshPackage(), "nowhere") }),
      "FileTrouble",
      ["npm ci"]
    ]
  ]
  for (const [title, plan, tag, words] of refusals) {
    it.live(title, () =>
      Effect.gen(function* () {
        const thePlan = plan()
        const error = yield* failure(thePlan)
        assert.strictEqual(error._tag, tag)
        for (const word of words) assert.include(error.message, word)
        assert.isFalse(existsSync(installed(thePlan)))
      })
    )
  }
})
