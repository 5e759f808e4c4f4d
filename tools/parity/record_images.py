"""Records small images of every format that is read, and the pixels that Pillow gives for them.

    pip install pillow==13.0.0 numpy
    python tools/parity/record_images.py packages/data/test/parity/images

Each FILE gets a FILE.json: height, width and the RGB values, turned as its EXIF says.
"""

import json
import pathlib
import sys

import numpy as np
from PIL import Image, ImageOps

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
image = Image.fromarray(pixels)
sharp = dict(quality=95, subsampling=0)

image.save(out / "rgb.png")
image.convert("L").save(out / "gray.png")
image.convert("LA").save(out / "gray-alpha.png")
image.convert("P").save(out / "palette.png")
image.convert("1").save(out / "one-bit.png")
Image.fromarray(pixels[..., 0].astype(np.uint16) * 257).save(out / "gray-16.png")
image.save(out / "rgb.bmp")
image.convert("RGBA").save(out / "rgba.bmp")
image.convert("P").save(out / "palette.bmp")
image.convert("L").save(out / "gray.bmp")
image.convert("1").save(out / "one-bit.bmp")
image.save(out / "lossless.webp", lossless=True)
image.save(out / "rgb.gif")
image.save(out / "rgb.jpg", **sharp)
image.save(out / "progressive.jpg", progressive=True, **sharp)
image.convert("L").save(out / "gray.jpg", quality=95)
image.convert("CMYK").save(out / "cmyk.jpg", **sharp)
Image.fromarray(np.kron(pixels, np.ones((4, 4, 1), dtype=np.uint8))).save(out / "subsampled.jpg", quality=75)
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(out / f"turned-{orientation}.jpg", exif=exif, **sharp)

for file in sorted(out.iterdir()):
    if file.suffix == ".json":
        continue
    seen = ImageOps.exif_transpose(Image.open(file))
    if seen.mode.startswith("I"):
        values = np.repeat((np.asarray(seen) // 257).astype(np.uint8)[..., None], 3, axis=2)
    else:
        values = np.asarray(seen.convert("RGB"))
    height, width, _ = values.shape
    content = dict(height=height, width=width, pixels_HWC=values.ravel().tolist())
    file.with_name(file.name + ".json").write_text(json.dumps(content) + "\n")
