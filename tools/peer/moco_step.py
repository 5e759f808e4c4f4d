"""One training step of MoCo v1 in idiomatic PyTorch, timed: what `nx run tools:peer` compares the trainer with.

The same step and the same sizes as `moco bench`: the key encoder follows by moving average, keys without gradient,
queries, InfoNCE against the queue, SGD with momentum, enqueue, and the two numbers that such a trainer logs (loss,
accuracy of the pretext task). Where PyTorch has a faster public way (fused SGD, moving average of many tensors at
once, a layout that is kept from the data on), it is taken. The last line is one JSON object.
"""

import argparse
import copy
import json
import resource
import statistics
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.optim.swa_utils import get_ema_multi_avg_fn

FEATURE_SIZE, MOMENTUM, TEMPERATURE = 128, 0.999, 0.07

# Kind of block, blocks per stage, width of the first stage; every stem is the one for small images.
ENCODERS = {
    "resnet18": ("basic", [2, 2, 2, 2], 64),
    "resnet20": ("basic", [3, 3, 3], 16),
    "resnet34": ("basic", [3, 4, 6, 3], 64),
    "resnet50": ("bottleneck", [3, 4, 6, 3], 64),
}


class SplitBatchNorm2d(nn.BatchNorm2d):
    """Batch statistics of each of `groups` parts of the batch, as in the authors' notebook for one device.

    Where channels are last, the notebook's view would cost a change of layout and back: there a part is a chunk.
    """

    def __init__(self, channels, groups):
        super().__init__(channels)
        self.groups = groups

    def forward(self, x):
        n, c, h, w = x.shape
        mean, var = (t.repeat(self.groups) for t in (self.running_mean, self.running_var))
        if x.is_contiguous():
            weight, bias = self.weight.repeat(self.groups), self.bias.repeat(self.groups)
            parts = x.view(n // self.groups, c * self.groups, h, w)
            y = F.batch_norm(parts, mean, var, weight, bias, True, self.momentum, self.eps).view(n, c, h, w)
        else:
            parts = zip(x.chunk(self.groups), mean.chunk(self.groups), var.chunk(self.groups))
            y = torch.cat(
                [F.batch_norm(*part, self.weight, self.bias, True, self.momentum, self.eps) for part in parts]
            )
        with torch.no_grad():
            self.running_mean.copy_(mean.view(self.groups, c).mean(0))
            self.running_var.copy_(var.view(self.groups, c).mean(0))
        return y


def conv(inputs, outputs, size, stride=1):
    return nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)


def norm(channels, groups):
    return nn.BatchNorm2d(channels) if groups == 1 else SplitBatchNorm2d(channels, groups)


class Block(nn.Module):
    def __init__(self, kind, inputs, width, stride, groups):
        super().__init__()
        if kind == "basic":
            outputs, convs = width, [conv(inputs, width, 3, stride), conv(width, width, 3)]
        else:
            outputs = 4 * width
            convs = [conv(inputs, width, 1), conv(width, width, 3, stride), conv(width, outputs, 1)]
        layers = []
        for layer in convs:
            layers += [layer, norm(layer.out_channels, groups), nn.ReLU(inplace=True)]
        self.residual = nn.Sequential(*layers[:-1])
        self.shortcut = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(conv(inputs, outputs, 1, stride), norm(outputs, groups))

    def forward(self, x):
        y = self.residual(x)
        y += self.shortcut(x)
        return F.relu(y, inplace=True)


class Encoder(nn.Module):
    def __init__(self, name, channels, groups):
        super().__init__()
        kind, counts, width = ENCODERS[name]
        layers = [conv(channels, width, 3), norm(width, groups), nn.ReLU(inplace=True)]
        inputs = width
        for stage, count in enumerate(counts):
            for i in range(count):
                stride = 2 if stage > 0 and i == 0 else 1
                layers.append(Block(kind, inputs, width * 2**stage, stride, groups))
                inputs = width * 2**stage * (1 if kind == "basic" else 4)
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(inputs, FEATURE_SIZE)

    def forward(self, x):
        return F.normalize(self.head(self.layers(x).mean((2, 3))), dim=1)


class MoCo(nn.Module):
    def __init__(self, encoder, queue_size, shuffles, compiles):
        super().__init__()
        self.query_encoder = encoder
        self.key_encoder = copy.deepcopy(encoder).requires_grad_(False)
        if compiles:
            self.query_encoder.compile()
            self.key_encoder.compile()
        self.register_buffer("queue", F.normalize(torch.randn(queue_size, FEATURE_SIZE), dim=1))
        self.pointer = 0
        self.shuffles = shuffles
        self.follow = get_ema_multi_avg_fn(MOMENTUM)

    @torch.no_grad()
    def encode_shuffled(self, view):
        """Keys, encoded in another order than their queries where batch norm is split."""
        if not self.shuffles:
            return self.key_encoder(view)
        order = torch.randperm(view.shape[0])
        return self.key_encoder(view[order])[torch.argsort(order)]

    @torch.no_grad()
    def enqueue(self, key):
        n, size = key.shape[0], self.queue.shape[0]
        self.queue[torch.arange(self.pointer, self.pointer + n) % size] = key
        self.pointer = (self.pointer + n) % size

    def forward(self, view_q, view_k):
        self.follow(list(self.key_encoder.parameters()), list(self.query_encoder.parameters()), None)
        key = self.encode_shuffled(view_k)
        query = self.query_encoder(view_q)
        positive = (query * key).sum(1, keepdim=True)
        negative = query @ self.queue.T
        return torch.cat([positive, negative], dim=1) / TEMPERATURE, key


def uniform(low, high, *shape):
    return torch.empty(shape).uniform_(low, high)


def random_views(image):
    """Random resized crop, flip, brightness and contrast, of a whole batch at once."""
    n = image.shape[0]
    area, ratio = uniform(0.2, 1, n), uniform(-0.2877, 0.2877, n).exp()
    width, height = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
    flip = (torch.rand(n) < 0.5).float() * -2 + 1
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = width * flip, height
    theta[:, 0, 2] = uniform(-1, 1, n) * (1 - width)
    theta[:, 1, 2] = uniform(-1, 1, n) * (1 - height)
    grid = F.affine_grid(theta, image.shape, align_corners=False)
    view = F.grid_sample(image, grid, align_corners=False)
    view = (view * uniform(0.6, 1.4, n, 1, 1, 1)).clamp(0, 1)
    mean = view.mean((1, 2, 3), keepdim=True)
    return ((view - mean) * uniform(0.6, 1.4, n, 1, 1, 1) + mean).clamp(0, 1)


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--encoder", choices=ENCODERS, default="resnet18")
    parser.add_argument("--image-size", type=int, default=32)
    parser.add_argument("--channels", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--queue-size", type=int, default=4096)
    parser.add_argument("--bn-groups", type=int, default=1)
    parser.add_argument("--augment", choices=["on", "off"], default="off")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warm-up", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--format", choices=["nchw", "channels-last"], default="channels-last")
    parser.add_argument("--compile", action="store_true")
    return parser.parse_args()


def main():
    args = parse_arguments()
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    layout = torch.channels_last if args.format == "channels-last" else torch.contiguous_format
    encoder = Encoder(args.encoder, args.channels, args.bn_groups).to(memory_format=layout)
    model = MoCo(encoder, args.queue_size, args.bn_groups > 1, args.compile)
    optimizer = torch.optim.SGD(encoder.parameters(), lr=0.03, momentum=0.9, weight_decay=1e-4, fused=True)
    n = args.batch_size
    batches = [
        torch.rand(n, args.channels, args.image_size, args.image_size).contiguous(memory_format=layout)
        for _ in range(2)
    ]
    labels = torch.zeros(n, dtype=torch.long)

    def view_of(image):
        view = random_views(image) if args.augment == "on" else image
        return view.sub(0.5).div(0.25).contiguous(memory_format=layout)

    def take_step(step):
        image = batches[step % len(batches)]
        logits, key = model(view_of(image), view_of(image))
        loss = F.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        model.enqueue(key)
        accuracy = (logits.argmax(1) == 0).float().mean()
        return loss.item(), accuracy.item()

    for step in range(args.warm_up):
        take_step(step)
    step_ms = []
    for step in range(args.steps):
        start = time.perf_counter()
        take_step(args.warm_up + step)
        step_ms.append(1000 * (time.perf_counter() - start))
    median = statistics.median(step_ms)
    # Kibibytes on Linux, bytes on macOS.
    peak_rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    result = {
        "imagesPerSecond": 1000 * n / median,
        "stepMs": {"median": median, "min": min(step_ms), "max": max(step_ms)},
        "peakRssMiB": peak_rss / 2**20,
        "torch": torch.__version__,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
