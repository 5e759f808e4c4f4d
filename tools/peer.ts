/**
 * Compares the trainer's step with the same step in idiomatic PyTorch, on the CPU:
 *
 *     npx nx run tools:peer -- [--only=resnet18-b64,growth] [--no-compile] [--rounds=3] [--out=results/peer.json]
 *
 * The flags stand behind `--`: of those before it nx takes `--batch-size` for its own `--batch`, and says nothing.
 * About 90 minutes on two cores, without compiled rows 50. The first time it installs PyTorch into the cache.
 */
import "./peer/main.ts"
