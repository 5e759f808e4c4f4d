"""Records small collections of images as the usual programs write them, and what is in each.

    pip install numpy==2.4.6 pyarrow==26.0.1 pillow==13.0.0 webdataset==1.0.2
    python tools/parity/record_collections.py packages/data/test/parity/collections

GNU tar must be there. Image i is a PNG of 4 x 3 pixels, all of the gray 10 i + 5, of class i % 3. expected.json tells the
images of each collection in their order, by their numbers, and their labels.
"""

import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import webdataset
from PIL import Image

out = pathlib.Path(sys.argv[1]).resolve()
out.mkdir(parents=True, exist_ok=True)
expected = {}
NAMES = ["ant", "bee", "cat"]
label_of = lambda i: i % 3


def png(i):
    buffer = io.BytesIO()
    Image.new("RGB", (4, 3), (10 * i + 5,) * 3).save(buffer, "png")
    return buffer.getvalue()


def note(name, images, labels=None):
    expected[name] = {"images": list(images), "labels": labels}


# WebDataset's own writer, in shards of the names that it is used with.
for part, numbers in {"train-000000": range(0, 5), "train-000001": range(5, 9), "test-000000": range(9, 12)}.items():
    (out / "wds").mkdir(exist_ok=True)
    with webdataset.TarWriter(str(out / "wds" / f"{part}.tar"), mtime=0) as writer:
        for i in numbers:
            writer.write({"__key__": f"{i:04d}", "png": png(i), "cls": label_of(i)})
note("wds", range(9), [label_of(i) for i in range(9)])
with webdataset.TarWriter(str(out / "json.tar"), mtime=0) as writer:
    for i in range(6):
        writer.write({"__key__": f"a/{i:04d}", "json": {"label": NAMES[label_of(i)], "url": None}, "png": png(i)})
note("json.tar", range(6), [label_of(i) for i in range(6)])

# GNU tar, in its four formats: a folder of classes with a name of more than 100 characters, a link and a pipe in it.
deep = "d" * 60 + "/" + "e" * 50
with tempfile.TemporaryDirectory() as root:
    for i in range(6):
        folder = pathlib.Path(root) / "photos" / NAMES[label_of(i)] / (deep if i > 3 else "")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{i}.png").write_bytes(png(i))
    os.symlink("/etc/passwd", pathlib.Path(root) / "photos" / "ant" / "link.png")
    os.mkfifo(pathlib.Path(root) / "photos" / "ant" / "pipe.png")
    usual = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"]
    same = "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime"
    for form in ["gnu", "pax", "ustar"]:
        subprocess.run(["tar", f"--format={form}", *([same] if form == "pax" else []), *usual, "-cf", out / f"{form}.tar", "photos"], cwd=root, check=True)
        note(f"{form}.tar", [0, 3, 1, 4, 2, 5], [0, 0, 1, 1, 2, 2])
    # Names of the oldest format have 99 characters.
    short = [f"photos/{NAMES[label_of(i)]}/{i}.png" for i in range(4)]
    subprocess.run(["tar", "--format=v7", *usual, "-cf", out / "v7.tar", *short], cwd=root, check=True)
    note("v7.tar", range(4), [0, 1, 2, 0])
    inside = pathlib.Path(root) / "photos" / "ant"
    subprocess.run(
        ["tar", *usual, "-P", "-cf", out / "outside.tar", "../bee/1.png", "0.png"], cwd=inside, check=True
    )
    note("outside.tar", [0], None)
    subprocess.run(["tar", *usual, "-czf", out / "gzip.tar.gz", "photos"], cwd=root, check=True)

# Parquet as Hugging Face's library writes it, and as pyarrow does otherwise.
image_type = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
features = {
    "image": {"_type": "Image"},
    "label": {"names": NAMES, "_type": "ClassLabel"},
}
metadata = {"huggingface": json.dumps({"info": {"features": features}})}


def table(numbers, hugging=True):
    images = [{"bytes": png(i), "path": f"{i}.png"} for i in numbers]
    schema = pa.schema([("image", image_type), ("label", pa.int64())], metadata=metadata if hugging else None)
    return pa.table({"image": images, "label": [label_of(i) for i in numbers]}, schema=schema)


(out / "hf").mkdir(exist_ok=True)
pq.write_table(table(range(0, 7)), out / "hf" / "train-00000-of-00002.parquet", row_group_size=3)
pq.write_table(table(range(7, 12)), out / "hf" / "train-00001-of-00002.parquet", row_group_size=3)
pq.write_table(table(range(12, 16)), out / "hf" / "test-00000-of-00001.parquet", row_group_size=3)
note("hf", range(12), [label_of(i) for i in range(12)])
for codec in ["none", "snappy", "gzip", "zstd", "brotli", "lz4"]:
    for version in ["1.0", "2.0"]:
        name = f"{codec}-{version}.parquet"
        pq.write_table(
            table(range(9)),
            out / name,
            compression=codec,
            data_page_version=version,
            row_group_size=5,
            use_dictionary=codec in ["snappy", "zstd"],
            data_page_size=100,
            write_page_index=version == "2.0",
        )
        note(name, range(9), [label_of(i) for i in range(9)])
plain = pa.table({"id": pa.array(["x"] * 5), "img": pa.array([png(i) for i in range(5)]), "cls": pa.array([7, 9, 7, 9, 7], pa.int32())})
pq.write_table(plain, out / "binary.parquet")
note("binary.parquet", range(5), [0, 1, 0, 1, 0])
deltas = table(range(9), False)
pq.write_table(
    deltas,
    out / "delta.parquet",
    use_dictionary=False,
    column_encoding={"label": "DELTA_BINARY_PACKED", "image.bytes": "DELTA_LENGTH_BYTE_ARRAY", "image.path": "PLAIN"},
)
note("delta.parquet", range(9), [label_of(i) for i in range(9)])
missing = pa.table({"image": pa.array([{"bytes": png(0), "path": None}, {"bytes": None, "path": "/etc/passwd"}, None, {"bytes": png(3), "path": None}], image_type)})
pq.write_table(missing, out / "missing.parquet")

# Tables that are refused, each for one reason.
def write(name, columns, schema=None):
    pq.write_table(pa.table(columns, schema=schema), out / name)


images = lambda n: pa.array([{"bytes": png(i), "path": None} for i in range(n)], image_type)
hugging = pa.schema([("image", image_type), ("label", pa.int64())], metadata=metadata)
write("label-3-of-3.parquet", {"image": images(4), "label": [0, 1, 3, 2]}, hugging)
write("negative-label.parquet", {"image": images(2), "label": [0, -5]})
write("unlabelled.parquet", {"image": images(4), "label": [0, 1, -1, -1]}, hugging)
note("unlabelled.parquet", range(4), None)
write("truths.parquet", {"image": images(2), "label": [True, False]})
note("truths.parquet", range(2), None)
write("words.parquet", {"image": images(4), "label": ["b", "a", "b", "a"]})
note("words.parquet", range(4), [1, 0, 1, 0])
write("two-columns.parquet", {"left": images(2), "right": images(2)})
write("no-images.parquet", {"text": ["a", "b"], "score": [0.5, 1.5]})
write("lists.parquet", {"image": pa.array([[png(0), png(1)], [png(2)]])})
write("empty.parquet", {"image": images(0)})

# NumPy's arrays: image i is the gray 10 i + 5, channel c of it c more.
arrays = lambda numbers, channels: np.stack(
    [np.full((3, 4, channels), 10 * i + 5, np.uint8) + np.arange(channels, dtype=np.uint8) for i in numbers]
)
labels = lambda numbers, dtype="int64": np.array([label_of(i) for i in numbers], dtype)
(out / "npy").mkdir(exist_ok=True)
np.save(out / "npy" / "train.npy", arrays(range(8), 5))
np.save(out / "npy" / "train_labels.npy", labels(range(8)))
np.save(out / "npy" / "test.npy", arrays(range(8, 12), 5))
np.save(out / "npy" / "test_labels.npy", labels(range(8, 12), ">i2").reshape(-1, 1))
note("npy", range(8), [label_of(i) for i in range(8)])
(out / "gray").mkdir(exist_ok=True)
np.save(out / "gray" / "images.npy", arrays(range(6), 1)[..., 0])
np.save(out / "gray" / "labels.npy", labels(range(6), "uint8"))
note("gray/images.npy", range(6), [label_of(i) for i in range(6)])
with open(out / "version2.npy", "wb") as file:
    np.lib.format.write_array(file, arrays(range(4), 2), version=(2, 0))
note("version2.npy", range(4), None)
np.save(out / "fortran.npy", np.asfortranarray(arrays(range(4), 2)))
np.save(out / "float.npy", arrays(range(4), 2).astype("float32") / 255)
np.save(out / "objects.npy", np.array([None, {}], dtype=object), allow_pickle=True)
np.save(out / "fields.npy", np.zeros(3, dtype=[("a", "u1"), ("b", "u1")]))
np.savez(out / "zipped.npz", images=arrays(range(2), 1))
with pa.OSFile(str(out / "arrow.arrow"), "wb") as file:
    with pa.ipc.new_file(file, plain.schema) as writer:
        writer.write_table(plain)

(out / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
