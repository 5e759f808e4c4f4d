export { evaluationLaws } from "./laws/Evaluation.ts"
