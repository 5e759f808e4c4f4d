"""Records a parity fixture: a few MoCo steps in PyTorch on fixed inputs (format: packages/train/test/parity/README.md).

    pip install torch==2.13.0 safetensors numpy
    python tools/parity/record_fixture.py OUT_DIR '{"block": "bottleneck", "stem": "imagenet", "mlp": true}'
    npx moco parity --fixture=OUT_DIR

The second argument overrides any entry of DEFAULTS. This is the reference the TypeScript is held against, so it is
written from the algorithm and shares nothing with it.
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

DEFAULTS = dict(
    channels=3, size=16, block="basic", layers=[1, 1], width=8, stem="cifar", mlp=False, splits=1, batch=8, K=32, dim=16,
    m=0.999, T=0.07, lr=0.03, momentum=0.9, wd=1e-4, steps=6, symmetric=False, seed=1,
)


class SplitBatchNorm(nn.BatchNorm2d):
    """Sample n belongs to group n mod splits; each group has its own batch statistics."""

    splits = 1

    def forward(self, x):
        if not self.training or self.splits == 1:
            return super().forward(x)
        y = torch.empty_like(x)
        means, variances = [], []
        for group in range(self.splits):
            mean, var = self.running_mean.clone(), self.running_var.clone()
            y_group = F.batch_norm(x[group :: self.splits], mean, var, self.weight, self.bias, True, self.momentum, self.eps)
            y = y.index_copy(0, torch.arange(group, len(x), self.splits), y_group)
            means.append(mean)
            variances.append(var)
        with torch.no_grad():
            self.running_mean.copy_(torch.stack(means).mean(0))
            self.running_var.copy_(torch.stack(variances).mean(0))
        return y


def conv(inputs, outputs, kernel, stride=1):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)


class Block(nn.Module):
    def __init__(self, kind, inputs, width, stride):
        super().__init__()
        sizes = [(inputs, width, 3, stride), (width, width, 3, 1)]
        if kind == "bottleneck":
            sizes = [(inputs, width, 1, 1), (width, width, 3, stride), (width, 4 * width, 1, 1)]
        self.depth = len(sizes)
        for i, size in enumerate(sizes, 1):
            setattr(self, f"conv{i}", conv(*size))
            setattr(self, f"bn{i}", SplitBatchNorm(size[1]))
        self.outputs = sizes[-1][1]
        if stride != 1 or inputs != self.outputs:
            self.downsample = nn.Sequential(conv(inputs, self.outputs, 1, stride), SplitBatchNorm(self.outputs))
        else:
            self.downsample = nn.Identity()

    def forward(self, x):
        y = x
        for i in range(1, self.depth + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            y = y if i == self.depth else F.relu(y)
        return F.relu(y + self.downsample(x))


class ResNet(nn.Module):
    def __init__(self, c):
        super().__init__()
        imagenet = c["stem"] == "imagenet"
        self.conv1 = conv(c["channels"], c["width"], 7 if imagenet else 3, 2 if imagenet else 1)
        self.bn1 = SplitBatchNorm(c["width"])
        self.pool = nn.MaxPool2d(3, 2, 1) if imagenet else nn.Identity()
        inputs = c["width"]
        self.stages = len(c["layers"])
        for stage, depth in enumerate(c["layers"]):
            blocks = []
            for i in range(depth):
                blocks.append(Block(c["block"], inputs, c["width"] * 2**stage, 2 if stage and not i else 1))
                inputs = blocks[-1].outputs
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        hidden = [nn.Linear(inputs, inputs), nn.ReLU()] if c["mlp"] else []
        self.fc = nn.Sequential(*hidden, nn.Linear(inputs, c["dim"])) if c["mlp"] else nn.Linear(inputs, c["dim"])
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if isinstance(module, SplitBatchNorm):
                module.splits = c["splits"]

    def forward(self, x):
        x = self.pool(F.relu(self.bn1(self.conv1(x))))
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        return F.normalize(self.fc(x.mean((2, 3))), dim=1, eps=1e-12)


def state(module, prefix):
    return {
        prefix + name: tensor.detach().clone().contiguous()
        for name, tensor in module.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }


def main(out, overrides):
    c = {**DEFAULTS, **overrides}
    torch.manual_seed(c["seed"])
    query_encoder, key_encoder = ResNet(c), ResNet(c)
    key_encoder.load_state_dict(query_encoder.state_dict())
    queue = F.normalize(torch.randn(c["K"], c["dim"]), dim=1)
    initial = {**state(query_encoder, "encoder_q."), "queue": queue.clone()}
    optimizer = torch.optim.SGD(query_encoder.parameters(), c["lr"], momentum=c["momentum"], weight_decay=c["wd"])
    views, expected, losses, pointer = {}, {}, [], 0
    shape = (c["batch"], c["channels"], c["size"], c["size"])
    for step in range(c["steps"]):
        base = torch.randn(shape)
        view_q, view_k = base + 0.5 * torch.randn(shape), base + 0.5 * torch.randn(shape)
        orders = [torch.randperm(c["batch"]) for _ in range(2 if c["symmetric"] else 1)]
        views |= {f"step{step}.view_q": view_q, f"step{step}.view_k": view_k}
        views |= {f"step{step}.shuffle{'' if i == 0 else 2}": order for i, order in enumerate(orders)}
        with torch.no_grad():
            for p_k, p_q in zip(key_encoder.parameters(), query_encoder.parameters()):
                p_k.mul_(c["m"]).add_(p_q, alpha=1 - c["m"])
        loss, queries, keys = 0.0, [], []
        for direction, order in enumerate(orders):
            x_q, x_k = (view_q, view_k) if direction == 0 else (view_k, view_q)
            with torch.no_grad():
                key = key_encoder(x_k[order])[torch.argsort(order)]
            query = query_encoder(x_q)
            logits = torch.cat([(query * key).sum(1, keepdim=True), query @ queue.T], 1) / c["T"]
            loss = loss + F.cross_entropy(logits, torch.zeros(c["batch"], dtype=torch.long))
            queries.append(query.detach())
            keys.append(key)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        block = torch.cat(keys[::-1])
        queue = queue.clone()
        queue[(pointer + torch.arange(len(block))) % c["K"]] = block
        pointer = (pointer + len(block)) % c["K"]
        losses.append(loss.item())
        expected |= {f"step{step}.loss": loss.detach().reshape(1), f"step{step}.query": queries[0], f"step{step}.key": keys[0]}
    expected |= {**state(query_encoder, "final.encoder_q."), **state(key_encoder, "final.encoder_k."), "final.queue": queue}
    expected |= {
        f"final.momentum.{name}": optimizer.state[p]["momentum_buffer"].clone()
        for name, p in query_encoder.named_parameters()
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, tensors in dict(initial=initial, views=views, expected=expected).items():
        save_file({key: value.contiguous() for key, value in tensors.items()}, out / f"{name}.safetensors")
    (out / "fixture.json").write_text(json.dumps({**c, "final_pointer": pointer, "losses": losses}, indent=1))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), json.loads(sys.argv[2]) if len(sys.argv) > 2 else {})
