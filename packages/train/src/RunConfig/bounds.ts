/**
 * The most that a config may count. Each is far above what anybody trains, so a value beyond it is a slip; and each keeps
 * what is computed from it exact and finite. What fits into the memory is another question: `footprint.ts`.
 */
export const most = {
  /** Published runs end at some thousands. */
  epochs: 1_000_000,
  /** Above the largest batches in the literature, 65,536. */
  batchSize: 1_048_576,
  /** A checkpoint's folder has its step in nine digits, and draws count steps in 32 bits. */
  steps: 999_999_999,
  nameLength: 100
} as const
