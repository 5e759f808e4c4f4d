"""Records views that torchvision's functional transforms make of small images by given plans.

    pip install torch==2.13.0 torchvision==0.28.0 numpy
    python tools/parity/record_augmentations.py packages/data/test/parity/augmentations.json

Each case is the name of an image (bytes, row after row, RGB), a plan as `packages/data/src/AugmentationPlan.ts` defines
it, and the values of the view in 0..1. Everything is computed in float64 and in one go, so nothing is rounded to bytes on
the way, as Pillow would after each step.
"""

import json
import math
import pathlib
import sys
import warnings

warnings.filterwarnings("ignore", message="Failed to load image")

import numpy as np
import torch

try:
    from torchvision.transforms import functional as F
except RuntimeError:
    # Built for another PyTorch, torchvision lacks its compiled operations. Its transforms need none of them.
    operations = torch.library.Library("torchvision", "FRAGMENT")
    for name in ["nms", "qnms"]:
        operations.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    from torchvision.transforms import functional as F

SEEN = dict(height=6, width=5)
FIXED = ["brightness", "contrast", "saturation", "hue"]
random = np.random.default_rng(4)


def plan_of(image, **change):
    box = dict(top=0, left=0, height=image.shape[0], width=image.shape[1])
    none = dict(crop=box, flip=False, brightness=1, contrast=1, saturation=1, hue=0, order=FIXED, gray="none", blur=0, solarize=None)
    return none | change


def jitter(view, plan):
    for step in plan["order"]:
        view = getattr(F, f"adjust_{step}")(view, plan[step])
    return view


def view_of(image, plan):
    view = torch.from_numpy(image).permute(2, 0, 1).to(torch.float64) / 255
    box = plan["crop"]
    size = [SEEN["height"], SEEN["width"]]
    view = F.resized_crop(view, box["top"], box["left"], box["height"], box["width"], size, antialias=True)
    view = F.hflip(view) if plan["flip"] else view
    view = F.rgb_to_grayscale(view, 3) if plan["gray"] == "beforeJitter" else view
    view = jitter(view, plan)
    view = F.rgb_to_grayscale(view, 3) if plan["gray"] == "afterJitter" else view
    if plan["blur"] > 0:
        # The radius that the blur under test has; "reflect" is defined for one below the size.
        radius = [min(math.ceil(3 * plan["blur"]), side - 1) for side in reversed(size)]
        view = F.gaussian_blur(view, [2 * side + 1 for side in radius], [plan["blur"]] * 2)
    if plan["solarize"] is not None:
        # A value at the threshold would be inverted or not by a rounding.
        assert (view - plan["solarize"]).abs().min() > 1e-3, plan
        view = F.solarize(view, plan["solarize"])
    return view.permute(1, 2, 0).flatten()


LARGE, SMALL, SAME = (random.integers(0, 256, (height, width, 3), dtype=np.uint8) for height, width in [(13, 11), (4, 3), (6, 5)])
IMAGES = dict(large=LARGE, small=SMALL, same=SAME, saturated=np.where(SAME < 128, 0, SAME).astype(np.uint8))
CASES = {
    "shrunk": ("large", {}),
    "stretched": ("small", {}),
    "a box, shrunk in one direction and stretched in the other": ("large", dict(crop=dict(top=2, left=1, height=9, width=4))),
    "mirrored": ("large", dict(crop=dict(top=0, left=3, height=7, width=8), flip=True)),
    "darker": ("same", dict(brightness=0.6)),
    "brighter": ("same", dict(brightness=1.4)),
    "less contrast": ("same", dict(contrast=0.6)),
    "more contrast": ("same", dict(contrast=1.4)),
    "less saturation": ("same", dict(saturation=0.6)),
    "more saturation": ("same", dict(saturation=1.4)),
    "hue": ("same", dict(hue=0.1)),
    "hue backwards": ("same", dict(hue=-0.4)),
    "hue, half the circle, of pixels with channels at 0": ("saturated", dict(hue=0.5)),
    "gray": ("same", dict(gray="afterJitter")),
    "blurred a little": ("same", dict(blur=0.4)),
    "blurred to the edges": ("same", dict(blur=2)),
    "solarised": ("same", dict(solarize=0.503)),
    "gray, then jitter, as in v1": (
        "large", dict(gray="beforeJitter", brightness=1.2, contrast=0.7, saturation=1.3, hue=0.3, order=["hue", "contrast", "saturation", "brightness"])),
    "jitter, then gray and blur, as in v2": (
        "large", dict(flip=True, gray="afterJitter", brightness=0.8, contrast=1.3, saturation=0.7, hue=-0.1, blur=0.7)),
    "all but gray": (
        "large",
        dict(crop=dict(top=1, left=2, height=10, width=8), flip=True, brightness=0.9, contrast=0.8, saturation=1.2, hue=0.07,
             order=["saturation", "hue", "brightness", "contrast"], blur=0.6, solarize=0.61)),
}


def case_of(name, shown, change):
    plan = plan_of(IMAGES[shown], **change)
    values = [round(value, 9) for value in view_of(IMAGES[shown], plan).tolist()]
    return dict(name=name, image=shown, plan=plan, values=values)


def lines(items):
    return ",\n    ".join(items)


images = [
    f'"{name}": {json.dumps(dict(height=len(image), width=len(image[0]), pixels=image.flatten().tolist()))}'
    for name, image in IMAGES.items()
]
cases = [json.dumps(case_of(name, shown, change)) for name, (shown, change) in CASES.items()]
pathlib.Path(sys.argv[1]).write_text(
    f'{{\n  "seen": {json.dumps(SEEN)},\n  "images": {{\n    {lines(images)}\n  }},\n  "cases": [\n    {lines(cases)}\n  ]\n}}\n'
)
