"""Records views that torchvision's functional transforms make of small images by given plans, as tensors and by Pillow.

    pip install torch==2.13.0 torchvision==0.28.0 pillow==12.3.0 numpy
    python tools/parity/record_augmentations.py packages/data/test/parity/augmentations.json

Each case is the name of an image (bytes, row after row, RGB), a plan as `packages/data/src/AugmentationPlan.ts` defines
it, the values of the view in 0..1, and Pillow's bytes. The values are computed in float64 and in one go, so nothing is
rounded on the way; Pillow rounds to bytes after each step, and keeps hues as bytes too.
"""

import json
import math
import pathlib
import sys
import warnings

warnings.filterwarnings("ignore", message="Failed to load image")

import numpy as np
import torch
from PIL import Image

try:
    from torchvision.transforms import functional as F
except RuntimeError:
    # Built for another PyTorch, torchvision lacks its compiled operations. Its transforms need none of them.
    operations = torch.library.Library("torchvision", "FRAGMENT")
    for name in ["nms", "qnms"]:
        operations.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    from torchvision.transforms import functional as F

SEEN = dict(height=6, width=5)
NONE = dict(brightness=1, contrast=1, saturation=1, hue=0)
FIXED = list(NONE)
random = np.random.default_rng(4)


def plan_of(image, **change):
    box = dict(top=0, left=0, height=image.shape[0], width=image.shape[1])
    return dict(crop=box, flip=False, **NONE, order=FIXED, gray="none", blur=0, solarize=None) | change


def jitter(view, plan):
    for step in plan["order"]:
        # Left out where it changes nothing, as ColorJitter does: Pillow would make bytes of hues all the same.
        if plan[step] != NONE[step]:
            view = getattr(F, f"adjust_{step}")(view, plan[step])
    return view


def gray(view):
    return F.to_grayscale(view, 3) if isinstance(view, Image.Image) else F.rgb_to_grayscale(view, 3)


def view_of(view, plan):
    box = plan["crop"]
    size = [SEEN["height"], SEEN["width"]]
    view = F.resized_crop(view, box["top"], box["left"], box["height"], box["width"], size, antialias=True)
    view = F.hflip(view) if plan["flip"] else view
    view = gray(view) if plan["gray"] == "beforeJitter" else view
    view = jitter(view, plan)
    view = gray(view) if plan["gray"] == "afterJitter" else view
    if plan["blur"] > 0:
        # The radius that the blur under test has; "reflect" is defined for one below the size.
        radius = [min(math.ceil(3 * plan["blur"]), side - 1) for side in reversed(size)]
        view = F.gaussian_blur(view, [2 * side + 1 for side in radius], [plan["blur"]] * 2)
    return view if plan["solarize"] is None else solarized(view, plan["solarize"])


def solarized(view, threshold):
    """A value at the threshold would be inverted or not by a rounding."""
    if isinstance(view, Image.Image):
        assert np.abs(np.asarray(view) - 255 * threshold).min() > 1, threshold
        return F.solarize(view, math.ceil(255 * threshold))
    assert (view - threshold).abs().min() > 1e-3, threshold
    return F.solarize(view, threshold)


def values_of(image, plan):
    view = view_of(torch.from_numpy(image).permute(2, 0, 1).to(torch.float64) / 255, plan)
    return [round(value, 9) for value in view.permute(1, 2, 0).flatten().tolist()]


def pillow_of(image, plan):
    return np.asarray(view_of(Image.fromarray(image), plan)).flatten().tolist()


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
    image = IMAGES[shown]
    return dict(name=name, image=shown, plan=plan, values=values_of(image, plan), pillow=pillow_of(image, plan))


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
