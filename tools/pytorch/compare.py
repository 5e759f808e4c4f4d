"""Gives images to an exported encoder in PyTorch, and prints how far its features are from those recorded beside them.

    python compare.py DOCS ENCODER RECORD

DOCS is the folder of moco_encoder.py, ENCODER a run's encoder.safetensors, RECORD a safetensors file with image_NCHW (values
in 0..1) and representation_NC. Where torchvision is installed and has the network, it is held against that too: loaded with
`strict=True`. The last line is JSON.
"""

import json
import sys

import torch
from safetensors.torch import load_file

docs, encoder_file, record_file = sys.argv[1:]
sys.path.insert(0, docs)
from moco_encoder import load  # noqa: E402



def of_torchvision(architecture, channels):
    """torchvision's own network of this architecture, or None where it has none or is not installed."""
    try:
        from torchvision.models import resnet
    except (ImportError, RuntimeError):
        return None
    if (architecture["stem"], architecture["head"], architecture["width"]) != ("imagenet", "linear", 64):
        return None
    if len(architecture["layers"]) != 4 or channels != 3:
        return None
    block = resnet.BasicBlock if architecture["block"] == "basic" else resnet.Bottleneck
    groups = architecture.get("groups", 1)
    return resnet.ResNet(
        block,
        architecture["layers"],
        num_classes=architecture["featureSize"],
        groups=groups,
        width_per_group=architecture.get("groupWidth", 64 // groups),
    )


encoder, card = load(encoder_file)
record = load_file(record_file)
expected = record["representation_NC"]
with torch.no_grad():
    found = encoder(record["image_NCHW"])
    theirs = of_torchvision(card["architecture"], card["input"]["channels"])
    if theirs is not None:
        theirs.load_state_dict(load_file(encoder_file), strict=True)
        theirs.fc = torch.nn.Identity()
        found = torch.stack([found, theirs.eval()((record["image_NCHW"] - encoder.mean) / encoder.std)])
largest = expected.abs().max()
print(
    json.dumps(
        {
            "images": len(expected),
            "representationSize": found.shape[-1],
            "torchvision": theirs is not None,
            "largest": largest.item(),
            "difference": ((found - expected).abs().max() / largest).item(),
        }
    )
)
