export { type Faults, faulty } from "./faultyFileSystem.ts"
export { sampleFingerprint, sampleManifest } from "./sampleManifest.ts"
