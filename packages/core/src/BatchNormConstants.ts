/** Numerical constants of batch normalisation, as in PyTorch. */
export const batchNormEpsilon = 1e-5
export const batchNormMomentum = 0.1
