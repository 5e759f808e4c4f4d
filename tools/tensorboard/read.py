"""Holds what TensorBoard makes of a run's files against its log and what else it was told.

    python read.py RUN WANTED

RUN is the folder of a run that was killed after an evaluation and went on from it; WANTED a JSON file with the histogram, the
image and the embedding that were told. They are read by EventAccumulator, and asked of a TensorBoard that is started here, with
its data server where it is installed and without. The last line is JSON.
"""

import base64
import json
import logging
import os
import struct
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import numpy as np
import tensorboard
from tensorboard import default, program
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

run, wanted_file = sys.argv[1:]
folder = os.path.join(run, "tensorboard")
with open(wanted_file) as file:
    wanted = json.load(file)
png = base64.b64decode(wanted["png"])
with open(os.path.join(run, "metrics.jsonl")) as file:
    log = [json.loads(line) for line in file]
# It warns of what it purges, which is looked for here.
logging.getLogger("tensorboard").setLevel(logging.ERROR)


def check(is_so, what):
    if not is_so:
        sys.exit(f"{what}")


def logged():
    """Step and float32 of every number in the log, by tag."""
    points = {}
    for event in log:
        if event["event"] == "step":
            for key, value in event["metrics"].items():
                points.setdefault(f"training/{key}", []).append((event["step"], value))
        if event["event"] == "evaluation":
            for m in event["measurements"]:
                tag = f"{m['evaluation']}/{m['metric']}/{m['subject']}"
                points.setdefault(tag, []).append((event["step"], m["value"]))
    return {tag: [(step, float(np.float32(value))) for step, value in told] for tag, told in points.items()}


def compare(shown, expected, how):
    check(set(shown) == set(expected), f"{how}: tags {sorted(shown)} and not {sorted(expected)}")
    for tag, points in expected.items():
        check([step for step, _ in shown[tag]] == [step for step, _ in points],
              f"{how}: {tag} has {len(shown[tag])} points and not {len(points)}, or others")
        for have, want in zip(shown[tag], points):
            check(have == want, f"{how}: {tag} is {have} and not {want}")


def accumulated(path):
    events = EventAccumulator(path, size_guidance={"scalars": 0, "images": 0, "histograms": 0})
    return events.Reload()


def scalars_of(events):
    tags = events.Tags()["scalars"]
    return {tag: [(point.step, point.value) for point in events.Scalars(tag)] for tag in tags}


expected = logged()
events = accumulated(folder)
compare(scalars_of(events), expected, "EventAccumulator")

# What the first file has alone is purged where the second one begins.
files = sorted(name for name in os.listdir(folder) if "tfevents" in name)
check(len(files) == 3, f"there are {files}: of the start, of going on, and of this program")
killed = scalars_of(accumulated(os.path.join(folder, files[0])))
(went_on,) = [event["step"] for event in log if event["event"] == "resumed"]
purged = sum(step >= went_on for points in killed.values() for step, _ in points)
check(killed["training/loss"][-1][0] >= went_on, "the run was killed before it had told what is out of date")
tag = [tag for tag in expected if tag.endswith("/trained encoder")][0]
check(went_on in [step for step, _ in expected[tag]], "the run did not go on from an evaluation")

# Bins of one width: edges -1, 0, 1, 2, 3.
counts, low, high = (wanted["histogram"][key] for key in ("counts", "low", "high"))
edges = np.linspace(low, high, len(counts) + 1)
(histogram,) = events.Histograms("similarities")
value = histogram.histogram_value
check(histogram.step == 80 and value.bucket == counts and value.num == sum(counts), f"histogram {value}")
check(np.allclose(value.bucket_limit, edges[1:]), f"limits {value.bucket_limit}")
(image,) = events.Images("images")
check(image.encoded_image_string == png, "the image has other bytes")
check((image.width, image.height) == (wanted["image"]["width"], wanted["image"]["height"]), f"image {image}")


def started(load_fast):
    board = program.TensorBoard(default.get_plugins())
    board.configure(argv=[None, "--logdir", run, "--port", "0", "--load_fast", load_fast])
    return board.launch()


def get(url, path, **args):
    query = urllib.parse.urlencode(args)
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"{url}data/plugin/{path}?{query}") as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            problem = error
            time.sleep(0.2)
    sys.exit(f"{path}?{query}: {problem}")


def asked(load_fast, how):
    """Asks a TensorBoard for everything that its page shows."""
    url = started(load_fast)
    name = "tensorboard"
    while len(json.loads(get(url, "scalars/tags")).get(name, {})) < len(expected):
        time.sleep(0.2)
    while name not in json.loads(get(url, "images/tags")):
        time.sleep(0.2)
    about = json.loads(get(url, "scalars/tags"))[name]
    check(about["training/chanceLoss"]["displayName"] == "loss at chance", f"{how}: {about}")
    shown = {}
    for tag in about:
        points = json.loads(get(url, "scalars/scalars", run=name, tag=tag))
        shown[tag] = [(step, value) for _, step, value in points]
    compare(shown, expected, how)
    [[_, step, buckets]] = json.loads(get(url, "histograms/histograms", run=name, tag="similarities"))
    filled = np.array([(left, right, count) for left, right, count in buckets if count > 0])
    want = [(edges[i], edges[i + 1], count) for i, count in enumerate(counts) if count > 0]
    check(step == 80, f"{how}: histogram of step {step}")
    check(filled[:, 2].sum() == sum(counts) and filled[0, 0] == want[0][0] and filled[-1, 1] == want[-1][1],
          f"{how}: histogram {buckets}")
    [meta] = json.loads(get(url, "images/images", run=name, tag="images", sample=0))
    with urllib.request.urlopen(f"{url}data/plugin/images/individualImage?{meta['query']}") as answer:
        check(answer.read() == png, f"{how}: image")
    projected(url, name, how)
    return how


def projected(url, name, how):
    """Asks for the embedding."""
    deadline = time.time() + 30
    while name not in json.loads(get(url, "projector/runs")) and time.time() < deadline:
        time.sleep(0.2)
    config = json.loads(get(url, "projector/info", run=name))
    [embedding] = config["embeddings"]
    shape = wanted["points"]["shape"]
    check(embedding["tensorShape"] == shape, f"{how}: embedding {embedding}")
    tensor = get(url, "projector/tensor", run=name, name=embedding["tensorName"])
    numbers = struct.unpack(f"<{shape[0] * shape[1]}f", tensor)
    check(list(numbers) == wanted["points"]["data"], f"{how}: points {numbers}")
    rows = get(url, "projector/metadata", run=name, name=embedding["tensorName"]).decode().split("\n")
    classes = [name.replace("\t", " ") for name in wanted["classes"]]
    want = ["class\tlabel"] + [f"{classes[label]}\t{label}" for label in wanted["labels"]]
    check([row for row in rows if row] == want, f"{how}: metadata {rows}")
    check(embedding["sprite"]["singleImageDim"] == [1, 1], f"{how}: sprite {embedding}")
    check(get(url, "projector/sprite_image", run=name, name=embedding["tensorName"]) == png, f"{how}: sprite")


read_by = ["EventAccumulator", asked("false", "TensorBoard")]
try:
    import tensorboard_data_server  # noqa: F401

    read_by.append(asked("true", "TensorBoard with its data server"))
except ImportError:
    pass

num_steps = len(expected["training/loss"])
size = sum(os.path.getsize(os.path.join(folder, name)) for name in files)
print(json.dumps({
    "tensorboard": tensorboard.__version__,
    "tags": len(expected),
    "points": sum(len(points) for points in expected.values()),
    "purged": purged,
    "bytesPerStep": round(size / num_steps, 1),
    "readBy": read_by,
}), flush=True)
# The servers end with the process.
os._exit(0)
