export { evaluationOf } from "./evaluationOf.ts"
export { evaluationLaws } from "./laws/Evaluation.ts"
