"""Records what numpy and scikit-learn make of small random data, for the tests of packages/evaluation.

    python tools/record-evaluation.py packages/evaluation/test/fixtures/oracles.json

All is float64; the data of each part come from numpy's default_rng with the seed that stands beside them.
"""
import json
import sys

import numpy
import scipy.stats
import sklearn
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    adjusted_rand_score,
    average_precision_score,
    confusion_matrix,
    log_loss,
    normalized_mutual_info_score,
)
from sklearn.neighbors import NearestNeighbors


def rows(random, count, size):
    return random.standard_normal((count, size)).astype("float32").astype("float64")


def unit(values):
    return values / numpy.linalg.norm(values, axis=1, keepdims=True)


def logistic(seed=1):
    random = numpy.random.default_rng(seed)
    x = rows(random, 80, 5)
    y = (x[:, :3] + random.gumbel(size=(80, 3))).argmax(1)
    fits = []
    for c in (0.01, 0.5, 100.0):
        model = LogisticRegression(C=c, tol=1e-10, max_iter=10000).fit(x, y)
        loss = log_loss(y, model.predict_proba(x)) + (model.coef_**2).sum() / (2 * c * len(x))
        fits.append({"C": c, "weight": model.coef_.T.tolist(), "bias": model.intercept_.tolist(), "loss": loss})
    return {"seed": seed, "x": x.tolist(), "y": y.tolist(), "fits": fits}


def sgd(seed=2):
    random = numpy.random.default_rng(seed)
    x, y = rows(random, 16, 4), random.integers(0, 3, 16)
    w, b = random.standard_normal((4, 3)).astype("float32").astype("float64"), numpy.zeros(3)
    first = w.tolist()
    vw, vb = numpy.zeros_like(w), numpy.zeros_like(b)
    for _ in range(5):
        logits = x @ w + b
        p = numpy.exp(logits - logits.max(1, keepdims=True))
        r = (p / p.sum(1, keepdims=True) - numpy.eye(3)[y]) / len(x)
        vw, vb = 0.9 * vw + x.T @ r + 0.001 * w, 0.9 * vb + r.sum(0) + 0.001 * b
        w, b = w - 0.5 * vw, b - 0.5 * vb
    return {"seed": seed, "x": x.tolist(), "y": y.tolist(), "first": first, "weight": w.tolist(), "bias": b.tolist()}


def sphere(seed=3):
    random = numpy.random.default_rng(seed)
    x = unit(rows(random, 30, 6))
    y = unit(x + 0.2 * rows(random, 30, 6))
    squared = ((x[:, None] - x[None]) ** 2).sum(2)[numpy.triu_indices(30, 1)]
    distance = numpy.linalg.norm(x - y, axis=1)
    return {
        "seed": seed, "x": x.tolist(), "y": y.tolist(),
        "alignment": (distance**2).mean(), "alignment1": distance.mean(),
        "uniformity": numpy.log(numpy.exp(-2 * squared).mean()), "deviation": x.std(0).mean(),
    }


def spectrum(seed=4):
    random = numpy.random.default_rng(seed)
    x = rows(random, 50, 3) @ rows(random, 3, 7) + 0.1 * rows(random, 50, 7)
    x = x.astype("float32").astype("float64")
    singular = numpy.linalg.svd(x, compute_uv=False)
    p = singular / singular.sum()
    q = p + 1e-7
    return {
        "seed": seed, "x": x.tolist(), "singular": singular.tolist(),
        "rankMe": numpy.exp(-(q * numpy.log(q)).sum()), "effectiveRank": numpy.exp(-(p * numpy.log(p)).sum()),
    }


def retrieval(seed=5):
    random = numpy.random.default_rng(seed)
    y = random.integers(0, 4, 40)
    x = unit(rows(random, 4, 5)[y] + rows(random, 40, 5))
    similarity = x @ x.T
    precision, average = [], []
    for query in range(40):
        others = numpy.delete(numpy.arange(40), query)
        scores, relevant = similarity[query, others], y[others] == y[query]
        precision.append(relevant[numpy.argsort(-scores)[:5]].mean())
        average.append(average_precision_score(relevant, scores))
    nearest = NearestNeighbors(n_neighbors=7, metric="cosine", algorithm="brute").fit(x)
    queries = unit(rows(random, 10, 5))
    return {
        "seed": seed, "x": x.tolist(), "y": y.tolist(), "precisionAt5": precision, "averagePrecision": average,
        "queries": queries.tolist(), "nearest": nearest.kneighbors(queries)[1].tolist(),
    }


def votes(seed=7):
    """Weighted kNN of Wu et al. 2018, section 3.4: each of the k nearest votes exp(cosine / T) for its class."""
    random = numpy.random.default_rng(seed)
    y = random.integers(0, 5, 300)
    centres = rows(random, 5, 6)
    bank, queries = unit(centres[y] + 2 * rows(random, 300, 6)), unit(centres[random.integers(0, 5, 40)] + 2 * rows(random, 40, 6))
    said = []
    for k in (200, 20):
        of_class = class_votes(queries @ bank.T, y, 5, k, 0.1)
        first, second = numpy.sort(of_class, axis=1)[:, :-3:-1].T
        said.append({"k": k, "votes": of_class.tolist(), "said": of_class.argmax(1).tolist()})
        assert ((first - second) / first).min() > 1e-4
    return {"seed": seed, "bank": bank.tolist(), "queries": queries.tolist(), "y": y.tolist(), "temperature": 0.1, "said": said}


def class_votes(similarity, labels, classes, k, temperature):
    """Of each query, row by row of similarity, the sum of its neighbours' votes for each class."""
    nearest = numpy.argpartition(-similarity, k - 1, axis=1)[:, :k]
    weight = numpy.exp(numpy.take_along_axis(similarity, nearest, axis=1) / temperature)
    return numpy.einsum("nk,nkc->nc", weight, numpy.eye(classes)[labels[nearest]])


def clusters(seed=6):
    random = numpy.random.default_rng(seed)
    y = random.integers(0, 4, 90)
    x = (2 * rows(random, 4, 3)[y] + rows(random, 90, 3)).astype("float32").astype("float64")
    found = KMeans(4, init=x[:4], n_init=1, tol=0, algorithm="lloyd").fit(x)
    return {
        "seed": seed, "x": x.tolist(), "y": y.tolist(), "clusters": found.labels_.tolist(), "inertia": found.inertia_,
        "best": KMeans(4, n_init=50, random_state=seed).fit(x).inertia_,
        "nmi": normalized_mutual_info_score(y, found.labels_), "ari": adjusted_rand_score(y, found.labels_),
        "confusion": confusion_matrix(y, found.labels_).tolist(),
    }


def student():
    return [
        {"level": level, "degrees": degrees, "t": scipy.stats.t.ppf((1 + level) / 2, degrees)}
        for level in (0.5, 0.95, 0.99)
        for degrees in (1, 2, 9, 10, 99)
    ]


recorded = {
    "versions": {"numpy": numpy.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__},
    "logistic": logistic(), "sgd": sgd(), "sphere": sphere(), "spectrum": spectrum(),
    "retrieval": retrieval(), "votes": votes(), "clusters": clusters(), "student": student(),
}
with open(sys.argv[1], "w") as file:
    json.dump(recorded, file)
    file.write("\n")
