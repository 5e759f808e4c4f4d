"""An encoder that moco-effect has trained, as a PyTorch module: see docs/pytorch.md.

    from moco_encoder import load
    encoder, card = load("runs/fashionMnist10k-1/encoder.safetensors")
    feature = encoder(image)       # image: N, channels, height, width; values in 0..1; not normalised

Needs torch and safetensors. The parameters have torchvision's names, so that `load_state_dict` takes them as they are.
"""

import json

import torch
from safetensors import safe_open
from torch import nn


class Block(nn.Module):
    """A residual block: two 3x3 convolutions, or 1x1, 3x3, 1x1; the stride is that of the first 3x3.

    The 3x3 of a bottleneck has `inner` channels in `groups` groups.
    """

    def __init__(self, kind, inputs, width, inner, groups, stride, epsilon):
        super().__init__()
        outputs = width if kind == "basic" else 4 * width
        if kind == "basic":
            sizes = [(inputs, width, 3, stride, 1), (width, width, 3, 1, 1)]
        else:
            sizes = [(inputs, inner, 1, 1, 1), (inner, inner, 3, stride, groups), (inner, outputs, 1, 1, 1)]
        self.depth = len(sizes)
        for i, (before, after, kernel, step, parts) in enumerate(sizes, 1):
            conv = nn.Conv2d(before, after, kernel, step, kernel // 2, groups=parts, bias=False)
            self.add_module(f"conv{i}", conv)
            self.add_module(f"bn{i}", nn.BatchNorm2d(after, epsilon))
        self.downsample = None
        if stride != 1 or inputs != outputs:
            conv = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(conv, nn.BatchNorm2d(outputs, epsilon))

    def forward(self, x):
        y = x
        for i in range(1, self.depth + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            if i < self.depth:
                y = torch.relu(y)
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class Encoder(nn.Module):
    """The backbone, with the normalisation of its inputs; `fc`, the projection that training used, stands beside it."""

    def __init__(self, card):
        super().__init__()
        built, given = card["architecture"], card["input"]
        if built["family"] != "resnet":
            raise ValueError(f"only ResNets can be built here, and this encoder is of family {built['family']}")
        epsilon = built["batchNormEpsilon"]
        per_channel = lambda name: torch.tensor(given[name]).reshape(1, -1, 1, 1)
        self.register_buffer("mean", per_channel("mean"), persistent=False)
        self.register_buffer("std", per_channel("std"), persistent=False)
        kernel, stride = (7, 2) if built["stem"] == "imagenet" else (3, 1)
        width = built["width"]
        self.conv1 = nn.Conv2d(given["channels"], width, kernel, stride, kernel // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(width, epsilon)
        self.maxpool = nn.MaxPool2d(3, 2, 1) if built["stem"] == "imagenet" else nn.Identity()
        inputs, groups = width, built.get("groups", 1)
        inner = groups * built.get("groupWidth", width // groups)
        for stage, depth in enumerate(built["layers"]):
            blocks = []
            for i in range(depth):
                stride = 2 if stage > 0 and i == 0 else 1
                wide = (width * 2**stage, inner * 2**stage)
                blocks.append(Block(built["block"], inputs, *wide, groups, stride, epsilon))
                inputs = width * 2**stage * (1 if built["block"] == "basic" else 4)
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.stages = len(built["layers"])
        project = nn.Linear(inputs, built["featureSize"])
        if built["head"] == "mlp":
            project = nn.Sequential(nn.Linear(inputs, inputs), nn.ReLU(), project)
        self.fc = project

    def forward(self, image):
        """N, channels, height, width, values in 0..1 -> N, representationSize."""
        x = (image - self.mean) / self.std
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        for stage in range(1, self.stages + 1):
            x = getattr(self, f"layer{stage}")(x)
        return x.mean((2, 3))


def load(path):
    """The encoder in a run's encoder.safetensors, ready for use, and its card (what encoder.json holds)."""
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
        weights = {name: file.get_tensor(name) for name in file.keys()}
    card = {name: json.loads(metadata[name]) for name in ("architecture", "input", "data", "training")}
    encoder = Encoder(card)
    encoder.load_state_dict(weights)
    return encoder.eval(), card
