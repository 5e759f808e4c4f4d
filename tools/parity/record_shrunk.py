"""Records what Pillow makes of images whose shorter side is shrunk.

    pip install pillow==12.3.0 numpy
    python tools/parity/record_shrunk.py packages/data/test/parity/shrunk.json

Sizes are those of torchvision's `Resize`: the longer side is cut to whole pixels.
"""

import json
import pathlib
import sys

import numpy as np
from PIL import Image

random = np.random.default_rng(0)
cases = []
for height, width, shorter_side in [(13, 20, 7), (20, 13, 12), (9, 9, 1), (31, 64, 30), (40, 6, 5), (5, 200, 4)]:
    pixels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    # Some of it black and white: sums that come to the ends of a byte.
    pixels[: height // 2, : width // 2] = random.choice([0, 255], (height // 2, width // 2, 1))
    long = shorter_side * max(height, width) // min(height, width)
    size = (long, shorter_side) if width >= height else (shorter_side, long)
    shrunk = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))
    cases.append(
        dict(
            image=dict(height=height, width=width, pixels_HWC=pixels.ravel().tolist()),
            shorterSide=shorter_side,
            shrunk=dict(height=size[1], width=size[0], pixels_HWC=shrunk.ravel().tolist()),
        )
    )
pathlib.Path(sys.argv[1]).write_text(json.dumps(cases) + "\n")
