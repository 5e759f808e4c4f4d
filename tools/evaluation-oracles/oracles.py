"""Makes random features and says what numpy and scikit-learn find of them.

    python oracles.py data DIR IMAGES    writes DIR/features.f32 and DIR/labels.i32, prints what is found of them
    python oracles.py logistic DIR       fits LogisticRegression to them, prints the loss and the seconds it took

The features are 512 numbers of each image, the labels 10 classes that they tell of.
"""
import json
import sys
import time
import warnings

import numpy
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    adjusted_rand_score,
    average_precision_score,
    confusion_matrix,
    label_ranking_average_precision_score,
    log_loss,
    normalized_mutual_info_score,
)
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

size, classes, seed, part = 512, 10, 20, 2000


def make(folder, images):
    random = numpy.random.default_rng(seed)
    latent = random.standard_normal((images, 32), dtype="float32")
    x = latent @ (0.3 * random.standard_normal((32, size), dtype="float32"))
    x += random.standard_normal((images, size), dtype="float32")
    y = (x @ (0.1 * random.standard_normal((size, classes))) + random.gumbel(size=(images, classes))).argmax(1)
    x.tofile(f"{folder}/features.f32")
    y.astype("int32").tofile(f"{folder}/labels.i32")


def load(folder):
    x = numpy.fromfile(f"{folder}/features.f32", "float32").reshape(-1, size)
    return x, numpy.fromfile(f"{folder}/labels.i32", "int32")


def class_votes(queries, bank, labels, k, temperature=0.1):
    """Weighted kNN of Wu et al. 2018, section 3.4: parts of the votes exp(cosine / T) that go to each class."""
    similarity = queries @ bank.T
    nearest = numpy.argpartition(-similarity, k - 1, axis=1)[:, :k]
    weight = numpy.exp(numpy.take_along_axis(similarity, nearest, axis=1) / temperature)
    votes = numpy.einsum("nk,nkc->nc", weight, numpy.eye(classes)[labels[nearest]])
    return votes / votes.sum(1, keepdims=True)


def found(folder):
    x, y = load(folder)
    small, labels = x[:part].astype("float64"), y[:part]
    unit = small / numpy.linalg.norm(small, axis=1, keepdims=True)
    similarity = unit @ unit.T
    numpy.fill_diagonal(similarity, -numpy.inf)
    relevant = (labels[:, None] == labels[None]) & ~numpy.eye(part, dtype=bool)
    others = ~numpy.eye(part, dtype=bool)
    average = [average_precision_score(relevant[i][others[i]], similarity[i][others[i]]) for i in range(part)]
    ranking = label_ranking_average_precision_score(
        relevant[others].reshape(part, -1), similarity[others].reshape(part, -1)
    )
    assert abs(numpy.mean(average) - ranking) < 1e-9
    order = numpy.argsort(-similarity, axis=1)[:, :10]
    squared = 2 - 2 * similarity[numpy.triu_indices(part, 1)]
    singular = numpy.linalg.svd(small, compute_uv=False)
    parts = singular / singular.sum()
    clusters = KMeans(classes, init=small[:classes], n_init=1, tol=0, max_iter=300).fit(small)
    nearest = NearestNeighbors(n_neighbors=20, metric="cosine", algorithm="brute").fit(unit)
    return {
        "nearest": nearest.kneighbors(unit[:200])[1].ravel().tolist(),
        "votes200": class_votes(unit[:200], unit[200:], labels[200:], 200).ravel().tolist(),
        "votes20": class_votes(unit[:200], unit[200:], labels[200:], 20).ravel().tolist(),
        "averagePrecision": average,
        "precisionAt10": relevant[numpy.arange(part)[:, None], order].mean(1).tolist(),
        "uniformity": numpy.log(numpy.exp(-2 * squared).mean()),
        "alignment": (numpy.linalg.norm(unit[1:] - unit[:-1], axis=1) ** 2).mean(),
        "deviation": unit.std(0).mean(),
        "rankMe": numpy.exp(-((parts + 1e-7) * numpy.log(parts + 1e-7)).sum()),
        "effectiveRank": numpy.exp(-(parts * numpy.log(parts)).sum()),
        "inertia": clusters.inertia_,
        "clusters": clusters.labels_.tolist(),
        "nmi": normalized_mutual_info_score(labels, clusters.labels_),
        "ari": adjusted_rand_score(labels, clusters.labels_),
        "confusion": confusion_matrix(labels, clusters.labels_, labels=range(classes)).ravel().tolist(),
    }


def logistic(folder):
    x, y = load(folder)
    start = time.perf_counter()
    scaled = StandardScaler().fit_transform(x)
    model = LogisticRegression(C=1.0, max_iter=1000).fit(scaled, y)
    seconds = time.perf_counter() - start
    loss = log_loss(y, model.predict_proba(scaled.astype("float64"))) + (model.coef_.astype("float64") ** 2).sum() / (
        2 * len(x)
    )
    return {"seconds": seconds, "loss": loss, "iterations": int(model.n_iter_[0])}


warnings.simplefilter("ignore")
if sys.argv[1] == "data":
    make(sys.argv[2], int(sys.argv[3]))
    print(json.dumps(found(sys.argv[2])))
else:
    print(json.dumps(logistic(sys.argv[2])))
