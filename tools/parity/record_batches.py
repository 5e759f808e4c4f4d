"""Records a small batch of images as CIFAR's pickles hold them, written by Python itself, and what is in it.

    pip install numpy
    python tools/parity/record_batches.py packages/data/test/parity/batches

`python3.pickle` is what Python 3 writes with protocol 2. `python2.pickle` has the strings of Python 2, in which the data
sets were published, and NumPy's name of then.
"""

import json
import pathlib
import pickle
import struct
import sys

import numpy as np

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
# Images of 3 x 2, a plane of each of 3 channels; every byte from 120 to 137 is next to the end of ASCII.
data = np.concatenate([np.arange(120, 138), np.random.default_rng(0).integers(0, 256, 54)])
data = data.astype(np.uint8).reshape(4, 18)
batch = {
    b"batch_label": b"training batch 1 of 5",
    b"labels": [3, 0, 9, 3],
    b"coarse_labels": [1, 0, 19, 1],
    b"fine_labels": [99, 0, 42, 99],
    b"data": data,
    b"filenames": [b"a_s_%06d.png" % index for index in range(4)],
}


class Python2(pickle._Pickler):
    """Writes strings of either kind as strings of Python 2."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_string(self, value):
        raw = value.encode("latin1") if isinstance(value, str) else value
        if len(raw) < 256:
            self.write(pickle.SHORT_BINSTRING + bytes([len(raw)]) + raw)
        else:
            self.write(pickle.BINSTRING + struct.pack("<i", len(raw)) + raw)
        self.memoize(value)

    dispatch[bytes] = save_string
    dispatch[str] = save_string


with open(out / "python3.pickle", "wb") as file:
    pickle.dump(batch, file, protocol=2)
with open(out / "python2.pickle", "wb") as file:
    Python2(file, protocol=2).dump(batch)
path = out / "python2.pickle"
path.write_bytes(path.read_bytes().replace(b"numpy._core.multiarray", b"numpy.core.multiarray"))

for name in ("python2.pickle", "python3.pickle"):
    read = pickle.loads((out / name).read_bytes(), encoding="bytes")
    assert read[b"labels"] == batch[b"labels"] and (read[b"data"] == data).all(), name
(out / "batch.json").write_text(
    json.dumps({key.decode(): (value if isinstance(value, list) else value.tolist())
                for key, value in batch.items() if key.endswith(b"labels") or key == b"data"}) + "\n"
)
