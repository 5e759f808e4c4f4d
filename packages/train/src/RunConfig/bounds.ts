/**
 * The most that a config may count. Each is far above what anybody trains, so a value beyond it is a slip; and each keeps
 * what is computed from it exact and finite. What fits into the memory is another question: `footprint.ts`.
 */
export const most = {
  /** Published runs end at some thousands. */
  epochs: 1_000_000,
  /** Above the largest batches in the literature, 65,536. */
  batchSize: 1_048_576,
  /** MoCo's largest queue has 65,536 keys, the memory bank of ImageNet 1.3 million entries. */
  dictionarySize: 100_000_000,
  milestones: 1000,
  /** Of one machine. */
  threads: 1024,
  /** Numbers are float32, of which the largest is 3.4e38: the product with a gradient must have room. */
  learningRate: 1e30,
  weightDecay: 1e6,
  /** A similarity of 1 divided by the least of them, or by the most, is a float32 that differs from 0. */
  temperature: 1e6,
  /** A checkpoint's folder has its step in nine digits, and draws count steps in 32 bits. */
  steps: 999_999_999,
  nameLength: 100
} as const

/** The least temperature. */
export const leastTemperature = 1e-6
