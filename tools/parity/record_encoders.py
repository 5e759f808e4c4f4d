"""Records what torchvision's ResNeXt-50 32x4d makes of two images, with weights that both sides work out by a formula.

    pip install torch==2.13.0 torchvision==0.28.0 numpy
    python tools/parity/record_encoders.py packages/core/test/parity/resnext50.json

The file has every name and shape of the `state_dict`, which is what `strict=True` compares, and the features before `fc`. Weights
are not stored: `drawn` is a hash of a name and a position, in whole numbers, and so the same to the bit in any language
(packages/core/test/Encoder/drawn.ts).
"""

import json
import math
import sys

import numpy as np
import torch

try:
    import torchvision
except RuntimeError:
    # Built for another PyTorch, torchvision lacks its compiled operations. Its networks need none of them.
    operations = torch.library.Library("torchvision", "FRAGMENT")
    for operation in ["nms", "qnms"]:
        operations.define(f"{operation}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision

MASK = np.uint64(0xFFFFFFFF)


def drawn(name, size):
    """Numbers from 0 to below 1: an FNV-1a hash of the name, mixed with the position."""
    seed = 2166136261
    for byte in name.encode():
        seed = ((seed ^ byte) * 16777619) & 0xFFFFFFFF
    mixed = (np.arange(size, dtype=np.uint64) ^ np.uint64(seed)) * np.uint64(2654435761) & MASK
    mixed ^= mixed >> np.uint64(15)
    mixed = mixed * np.uint64(2246822519) & MASK
    mixed ^= mixed >> np.uint64(13)
    return mixed.astype(np.float64) / 2**32


def tensor_for(name, shape):
    uniform = drawn(name, math.prod(shape))
    if name.endswith("running_var"):
        values = 0.5 + uniform
    elif name.endswith("running_mean") or name.endswith("bias"):
        values = 0.2 * uniform - 0.1
    elif len(shape) == 1:
        values = 0.5 + uniform
    else:
        values = (2 * uniform - 1) * math.sqrt(6 / math.prod(shape[1:]))
    return torch.from_numpy(values.astype(np.float32)).reshape(shape)


def main(path):
    model = torchvision.models.resnext50_32x4d(num_classes=16).eval()
    shapes = {
        name: list(value.shape)
        for name, value in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    weights = {name: tensor_for(name, shape) for name, shape in shapes.items()}
    model.load_state_dict(weights, strict=False)
    model.fc = torch.nn.Identity()
    image = torch.from_numpy((2 * drawn("image", 2 * 3 * 64 * 64) - 1).astype(np.float32)).reshape(2, 3, 64, 64)
    with torch.no_grad():
        features = model(image)
    record = {
        "made by": f"torch {torch.__version__.split('+')[0]}, torchvision {torchvision.__version__.split('+')[0]}",
        "shapes": shapes,
        "features": [[float(f"{value:.7g}") for value in row] for row in features.tolist()],
    }
    with open(path, "w") as file:
        lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in record.items())
        file.write("{\n" + lines + "\n}\n")


main(sys.argv[1])
