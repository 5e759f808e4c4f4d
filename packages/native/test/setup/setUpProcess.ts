import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { setUp } from "../../setup/setUp.ts"

// The set-up of a test's plan as a process of its own, to be killed or run twice: node setUpProcess.ts PLAN_JSON
setUp(JSON.parse(process.argv[2]!)).pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
