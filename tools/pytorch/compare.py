"""Gives images to an exported encoder in PyTorch, and prints how far its features are from those recorded beside them.

    python compare.py DOCS ENCODER RECORD

DOCS is the folder of moco_encoder.py, ENCODER a run's encoder.safetensors, RECORD a safetensors file with image_NCHW (values
in 0..1) and representation_NC. The last line is JSON.
"""

import json
import sys

import torch
from safetensors.torch import load_file

docs, encoder_file, record_file = sys.argv[1:]
sys.path.insert(0, docs)
from moco_encoder import load  # noqa: E402

encoder, _ = load(encoder_file)
record = load_file(record_file)
expected = record["representation_NC"]
with torch.no_grad():
    found = encoder(record["image_NCHW"])
largest = expected.abs().max()
print(
    json.dumps(
        {
            "images": len(found),
            "representationSize": found.shape[1],
            "largest": largest.item(),
            "difference": ((found - expected).abs().max() / largest).item(),
        }
    )
)
