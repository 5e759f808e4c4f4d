import type { Mutation } from "../Mutation.ts"

const source = "packages/evaluation/src"

/** Mutations of the mathematics of evaluations: a wrong score looks like a right one. */
export const evaluationMutations: ReadonlyArray<Mutation> = [
  {
    name: "evaluation: interval of 90 %",
    file: `${source}/bootstrap.ts`,
    from: "low: quantile(statistics, (1 - level) / 2)",
    to: "low: quantile(statistics, 1 - level)",
    tests: "evaluation bootstrap",
    fear: "intervals are too narrow on one side"
  },
  {
    name: "evaluation: votes of neighbours multiplied by the temperature",
    file: `${source}/voteOfNeighbours.ts`,
    from: "(similarities[place]! - nearest) / temperature",
    to: "(similarities[place]! - nearest) * temperature",
    tests: "evaluation Knn",
    fear: "near and far neighbours vote alike"
  },
  {
    name: "evaluation: a tied vote for the highest class",
    file: `${source}/voteOfNeighbours.ts`,
    from: "votes[label]! > votes[winner]!",
    to: "votes[label]! >= votes[winner]!",
    tests: "evaluation Knn",
    fear: "kNN accuracy is another one on ties"
  },
  {
    name: "evaluation: of equal neighbours the higher index",
    file: `${source}/nearestHeap.ts`,
    from: "(similarity === than && index > thanIndex)",
    to: "(similarity === than && index < thanIndex)",
    tests: "evaluation neighbours",
    fear: "which neighbours vote depends on blocks"
  },
  {
    name: "evaluation: a part of the labels rounded down",
    file: `${source}/labelSubset.ts`,
    from: "Math.round((fraction * labels.length) / numClasses)",
    to: "Math.floor((fraction * labels.length) / numClasses)",
    tests: "evaluation test/labels",
    fear: "a probe has fewer labels than its metric says"
  },
  {
    name: "evaluation: uniformity with each row's pair with itself",
    file: `${source}/alignmentUniformity.ts`,
    from: "tf.mul(potential_AB, tf.sub(1, tf.eye(a[1] - a[0])))",
    to: "potential_AB",
    tests: "evaluation features",
    fear: "uniformity depends on how many images there are"
  },
  {
    name: "evaluation: a jackknife of pairs that leaves the pairs of an image in",
    file: `${source}/bootstrap.ts`,
    from: "(total - sum) / (numPairs - pairsOfEach)",
    to: "(total - sum / 2) / (numPairs - pairsOfEach)",
    tests: "evaluation bootstrap",
    fear: "the interval of a uniformity is that of something else"
  },
  {
    name: "evaluation: RankMe of eigenvalues",
    file: `${source}/spectrum.ts`,
    from: "Math.sqrt(Math.max(0, value))",
    to: "Math.max(0, value)",
    tests: "evaluation features",
    fear: "ranks are far too low"
  },
  {
    name: "evaluation: mutual information over the larger entropy",
    file: `${source}/clustering/agreement.ts`,
    from: "(entropyA + entropyB) / 2",
    to: "Math.max(entropyA, entropyB)",
    tests: "evaluation clusters",
    fear: "another normalisation than scikit-learn's"
  },
  {
    name: "evaluation: average precision over all places",
    file: `${source}/retrieval.ts`,
    from: "return sum / found",
    to: "return sum / isRelevant.length",
    tests: "evaluation neighbours Retrieval",
    fear: "mean average precision depends on the number of classes"
  },
  {
    name: "evaluation: regularisers given up after one worse",
    file: `${source}/linear/chooseC.ts`,
    from: "tried.slice(-2).every(",
    to: "tried.slice(-1).every(",
    tests: "evaluation logisticRegression",
    fear: "a dip of one held-back image ends the search"
  },
  {
    name: "evaluation: regulariser not in the gradient",
    file: `${source}/linear/logisticRegression.ts`,
    from: "/ numImages + regulariser * point[at]!",
    to: "/ numImages",
    tests: "evaluation logisticRegression",
    fear: "the search ends where nothing is minimal"
  },
  {
    name: "evaluation: milestones of SGD one epoch late",
    file: `${source}/linear/sgdProbe.ts`,
    from: "milestone <= epoch",
    to: "milestone < epoch",
    tests: "evaluation sgdProbe",
    fear: "not the authors' schedule"
  }
]
