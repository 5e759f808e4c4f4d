export { type Faults, faulty } from "./faultyFileSystem.ts"
