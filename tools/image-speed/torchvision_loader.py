"""Reads a folder of photographs with torchvision's DataLoader, once for every line that is given.

    python torchvision_loader.py FOLDER WORKERS

A line is `crop` (RandomResizedCrop on Pillow's images, normalised), `bytes` (the same, left as bytes) or `views` (two views
of MoCo v2, normalised); the answer is a line of JSON: seconds, and the seconds that processors spent on it, workers included.
"""

import json
import os
import pathlib
import random
import sys
import time

import torch
from torch.utils.data import DataLoader, Dataset

try:
    from torchvision import transforms
except RuntimeError:
    # Built for another PyTorch: its own operators are missing, of which images are made without any.
    missing = torch.library.Library("torchvision", "DEF")
    for operator in ["nms", "qnms"]:
        missing.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    for name in [name for name in sys.modules if name.startswith("torchvision")]:
        del sys.modules[name]
    from torchvision import transforms

import torchvision
import PIL
from PIL import Image, ImageFilter

folder, workers = pathlib.Path(sys.argv[1]), int(sys.argv[2])
files = sorted(folder.iterdir())
crop = transforms.RandomResizedCrop(224, scale=(0.2, 1.0))
normalized = [transforms.ToTensor(), transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])]


def blurred(image):
    return image.filter(ImageFilter.GaussianBlur(radius=random.uniform(0.1, 2.0)))


moco_v2 = transforms.Compose(
    [
        crop,
        transforms.RandomApply([transforms.ColorJitter(0.4, 0.4, 0.4, 0.1)], p=0.8),
        transforms.RandomGrayscale(p=0.2),
        transforms.RandomApply([blurred], p=0.5),
        transforms.RandomHorizontalFlip(),
        *normalized,
    ]
)
made = {
    "crop": transforms.Compose([crop, *normalized]),
    "bytes": transforms.Compose([crop, transforms.PILToTensor()]),
    "views": lambda image: [moco_v2(image), moco_v2(image)],
}


class Photographs(Dataset):
    def __init__(self, transform):
        self.transform = transform

    def __len__(self):
        return len(files)

    def __getitem__(self, index):
        with Image.open(files[index]) as image:
            return self.transform(image.convert("RGB"))


def processor_seconds():
    children = pathlib.Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    ticks = 0
    for process in ["self", *children]:
        fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


loaders = {
    kind: DataLoader(Photographs(transform), batch_size=64, num_workers=workers, persistent_workers=True)
    for kind, transform in made.items()
}
# The workers are there before anything is measured.
for loader in loaders.values():
    for _ in loader:
        pass
print(json.dumps({"torch": torch.__version__, "torchvision": torchvision.__version__, "pillow": PIL.__version__}), flush=True)
for line in sys.stdin:
    before, start = processor_seconds(), time.perf_counter()
    for batch in loaders[line.strip()]:
        del batch
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "processorSeconds": processor_seconds() - before}), flush=True)
