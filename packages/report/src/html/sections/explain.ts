/** How each plot is read, in plain words. */
export const howToRead = {
  loss: "How hard it is to tell an image's own key from the K others in the dictionary. It rises first: the queue begins with random vectors, which are easy to tell from a key, and the task becomes real as keys of images fill it (shaded, where one run is shown). The dashes are chance, ln(K + 1): what an encoder that knows nothing has against a full dictionary. Learning is a loss that falls below it; against each other two losses can be compared only at the same K and T.",
  pretextAccuracy:
    "Part of the queries that are closer to their own key than to every negative. It is no class accuracy, and more of it is not always better: near 100 % with poor scores below means that the task is solved by a trick, such as batch-norm statistics or views that hardly differ.",
  featureStd:
    "How far features of one batch spread in each direction. Vectors of length 1 that point everywhere have 1/√D (dashes). A collapse is a line that falls towards 0: all images get one feature, and the loss stays at chance.",
  encoderDistance:
    "How far the key encoder lags behind the query encoder, relative to the length of its weights. It rises while the query encoder moves fast and falls as the rate does; a line that only grows means that the keys are of another network than the queries.",
  gradientNorm:
    "How long the step would be without the learning rate. Jumps by powers of ten come before numbers that are not finite; 0 means that nothing is learned.",
  learningRate:
    "What each gradient is multiplied by: a run that is trained longer or stopped in between has another curve, and so other scores.",
  scores:
    "The encoder is frozen, and its features are judged by labels that training never saw. Dashes are baselines: the pixels themselves and the like, which need no training; epoch 0 is the same network before its first step. An encoder that stays under them has learned less than there is to see in the pixels. Bars are 95 % intervals, where they were measured.",
  similarities:
    "Positive: the cosine between two views of one image; negative: between an image and others. Learning pulls the two apart, the positives to the right. If both lie at 1, the encoder has collapsed; if they cover each other, it tells nothing apart. The short stroke under a ridge is its median.",
  map: "Each point is an image, placed by its feature alone; colours, marks and names are classes that training never saw. Images of one class that lie together are what kNN makes its score of. PCA shows the two directions of largest variance and keeps distances; UMAP keeps neighbours, and its distances between groups and their sizes mean nothing.",
  confusion:
    "Each row is a class, and its numbers are what its images were taken for, in %: a good encoder has a dark diagonal. Cells that mirror each other across it are classes that look alike to it.",
  neighbours:
    "The image at the left of each row is the query; the others are nearest to it by the cosine of their features, which stands below. A frame and a cross mark another class. Neighbours that share a colour or a pose and not the class tell what the encoder looks at.",
  pairs:
    "What the encoder was given: two views of each image, the query's and the key's. They should be hard to match by colour or by place alone, and still show the same thing.",
  filters:
    "What the first layer looks for, one filter a picture, each with a brightness scale of its own. Edges and spots of colour are what training makes of them; noise without a shape is what they began as."
} as const

/** What a metric means, for those that are named rarely elsewhere. */
const meanings: ReadonlyArray<readonly [name: RegExp, meaning: string]> = [
  [
    /\bknn\b/i,
    "kNN: each image is given the class that most of its nearest training images have. Nothing is trained, so it says what distances between features mean. A large k blurs where there are few images."
  ],
  [
    /linear|logistic|probe/i,
    "Linear probe: a linear classifier is trained on the frozen features. It finds what is there though distances do not show it, and is mostly higher than kNN."
  ],
  [
    /uniformity/i,
    "Uniformity: how evenly features cover the sphere, the logarithm of a mean of exp(-2 distance²). Lower is more even, and keeps more about the images; 0 is a collapse."
  ],
  [
    /alignment/i,
    "Alignment: how far apart the features of two views of one image are. Lower is better, but 0 is also what a collapsed encoder has: it is read beside uniformity."
  ],
  [
    /rankme|effective rank|\brank\b/i,
    "RankMe: how many directions the features use, the exponential of the entropy of their singular values, between 1 and D. A small number is a partial collapse: most of the feature says nothing."
  ],
  [
    /similarity/i,
    "Similarities: the cosine between features, -1 to 1. Those of two views of one image (positive) should lie far above those of different images (negative)."
  ],
  [
    /retrieval|precision|recall|\bmap\b/i,
    "Retrieval: each image is a query, and what is found nearest is right where it has the same class."
  ],
  [
    /\bnmi\b|\bari\b|cluster|purity|homogeneity/i,
    "Clustering: images are grouped by their features alone, and the groups are compared with the classes."
  ]
]

/** What the metrics of these names mean, each once. */
export const meaningsOf = (metrics: ReadonlyArray<string>): ReadonlyArray<string> =>
  meanings.flatMap(([name, meaning]) => (metrics.some((metric) => name.test(metric)) ? [meaning] : []))
