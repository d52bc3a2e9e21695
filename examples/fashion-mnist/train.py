"""Trains the demo model and writes every file it needs, next to this script.

How to run it (Debian, Python 3.11, CPU only; about 20 minutes on 2 cores):

    apt-get update && apt-get install -y dataset-fashion-mnist
    python3 -m venv /tmp/venv
    /tmp/venv/bin/pip install -r requirements.txt
    /tmp/venv/bin/python train.py

Writes model.onnx, calib.npz, test.npz, classes.json, LICENSE-fashion-mnist.txt.
The network takes pixels as u8/255, without any further normalization.
"""

import argparse
import collections
import gzip
import json
import pathlib
import time

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn
import torch.nn.functional as F

HERE = pathlib.Path(__file__).resolve().parent
DATA = pathlib.Path("/usr/share/datasets/fashion-mnist")
COPYRIGHT = pathlib.Path("/usr/share/doc/dataset-fashion-mnist/copyright")
CLASSES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
           "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
SEED = 20240607
BATCH = 256
MAX_LR = 6e-3
WEIGHT_DECAY = 0.05
LABEL_SMOOTHING = 0.05
MAX_SHIFT = 2

# ---------------------------------------------------------------- the model

def conv_bn(cin, cout, kernel, stride=1, groups=1, act=True):
    layers = [nn.Conv2d(cin, cout, kernel, stride, kernel // 2, groups=groups, bias=False),
              nn.BatchNorm2d(cout)]
    return nn.Sequential(*layers, *([nn.ReLU6()] if act else []))


class InvertedResidual(nn.Module):
    def __init__(self, cin, cout, stride, expand):
        super().__init__()
        mid = cin * expand
        self.residual = stride == 1 and cin == cout
        self.body = nn.Sequential(
            conv_bn(cin, mid, 1),                           # expand
            conv_bn(mid, mid, 3, stride, groups=mid),       # depthwise
            conv_bn(mid, cout, 1, act=False))               # project

    def forward(self, x):
        return x + self.body(x) if self.residual else self.body(x)


class Net(nn.Module):
    # (output channels, stride of the first block, expansion, blocks)
    STAGES = [(24, 2, 4, 3), (40, 2, 4, 3), (64, 1, 4, 2)]

    def __init__(self):
        super().__init__()
        layers, cin = [conv_bn(1, 16, 3)], 16
        for cout, stride, expand, blocks in self.STAGES:
            for i in range(blocks):
                layers.append(InvertedResidual(cin, cout, stride if i == 0 else 1, expand))
                cin = cout
        layers.append(conv_bn(cin, 192, 1))
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(192, len(CLASSES))

    def forward(self, image):
        return self.classifier(self.pool(self.features(image)).flatten(1))


# ----------------------------------------------------------------- the data


def read_idx(name):
    raw = gzip.decompress((DATA / name).read_bytes())
    dims = np.frombuffer(raw, ">u4", count=raw[3], offset=4).astype(int)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(dims).copy()


def load(split):
    return (read_idx(f"{split}-images-idx3-ubyte.gz")[:, None],
            read_idx(f"{split}-labels-idx1-ubyte.gz"))


def augment(x):
    """Per image: a horizontal flip half of the time, a shift of up to MAX_SHIFT pixels."""
    n, _, h, w = x.shape
    x = torch.where(torch.rand(n, 1, 1, 1) < 0.5, x.flip(3), x)
    x = F.pad(x, [MAX_SHIFT] * 4)
    rows = torch.randint(0, 2 * MAX_SHIFT + 1, (n, 1, 1)) + torch.arange(h).view(1, h, 1)
    cols = torch.randint(0, 2 * MAX_SHIFT + 1, (n, 1, 1)) + torch.arange(w).view(1, 1, w)
    return x[torch.arange(n).view(n, 1, 1), 0, rows, cols][:, None]


# ----------------------------------------------------------------- training


def train(images, labels, epochs):
    images, labels = torch.from_numpy(images), torch.from_numpy(labels).long()
    net = Net().to(memory_format=torch.channels_last)
    decay = [p for p in net.parameters() if p.ndim > 1]
    rest = [p for p in net.parameters() if p.ndim <= 1]     # BatchNorm and bias
    opt = torch.optim.AdamW([{"params": decay, "weight_decay": WEIGHT_DECAY},
                             {"params": rest, "weight_decay": 0.0}])
    steps = len(images) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(opt, MAX_LR, total_steps=epochs * steps,
                                                   pct_start=0.2)
    for epoch in range(epochs):
        net.train()
        start, total = time.time(), 0.0
        order = torch.randperm(len(images))
        for step in range(steps):
            pick = order[step * BATCH:(step + 1) * BATCH]
            x = augment(images[pick].float() / 255).to(memory_format=torch.channels_last)
            loss = F.cross_entropy(net(x), labels[pick], label_smoothing=LABEL_SMOOTHING)
            opt.zero_grad()
            loss.backward()
            opt.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}/{epochs}: loss {total / steps:.4f}, "
              f"{time.time() - start:.0f} s", flush=True)
    return net.eval()       # the last epoch's weights; the test set picks nothing


# ------------------------------------------------------------------- output


def export(net, path):
    """PRESERVE on an eval() model: inference-mode BatchNormalization, not folded into Conv."""
    torch.onnx.export(net.to(memory_format=torch.contiguous_format), torch.zeros(1, 1, 28, 28),
                      str(path), dynamo=False, opset_version=17,
                      training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False,
                      input_names=["image"], output_names=["logits"],
                      dynamic_axes={"image": {0: "N"}, "logits": {0: "N"}})
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    print("ONNX: opset", model.opset_import[0].version, "IR", model.ir_version, "bytes",
          path.stat().st_size, dict(collections.Counter(n.op_type for n in model.graph.node)))


def accuracy(path, images, labels):
    """Top-1 in percent by onnxruntime at batch 7 (the last batch may be smaller)."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    hits = 0
    for i in range(0, len(images), 7):
        x = images[i:i + 7].astype(np.float32) / 255
        hits += int((session.run(["logits"], {"image": x})[0].argmax(1) == labels[i:i + 7]).sum())
    return 100 * hits / len(images)


def write_licence(path):
    """The copyright of Zalando SE and the MIT (Expat) text, from the Debian package."""
    text = COPYRIGHT.read_text()
    assert "Copyright: 2017, Zalando SE" in text
    body = text.split("\nLicense: Expat\n ")[-1].splitlines()
    body = ["" if line.strip() == "." else line.strip() for line in body]
    head = "The MIT License (MIT)\n\nCopyright (c) 2017 Zalando SE, https://tech.zalando.com\n\n"
    path.write_text(head + "\n".join(body).strip() + "\n")


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--epochs", type=int, default=20)
    args.add_argument("--out", type=pathlib.Path, default=HERE)
    args = args.parse_args()
    torch.set_num_threads(2)
    torch.manual_seed(SEED)
    images, labels = load("train")
    test_images, test_labels = load("t10k")

    pick = np.sort(np.random.default_rng(SEED).choice(len(images), 256, replace=False))
    assert set(labels[pick]) == set(range(10)), "a class is missing from the calibration set"
    np.savez_compressed(args.out / "calib.npz", image=images[pick], label=labels[pick])
    np.savez_compressed(args.out / "test.npz", image=test_images[:2000], label=test_labels[:2000])
    (args.out / "classes.json").write_text(json.dumps(CLASSES, indent=2) + "\n")
    write_licence(args.out / "LICENSE-fashion-mnist.txt")

    net = train(images, labels, args.epochs)
    print("parameters:", sum(p.numel() for p in net.parameters()))
    export(net, args.out / "model.onnx")
    for n in (2000, 10000):
        top1 = accuracy(args.out / "model.onnx", test_images[:n], test_labels[:n])
        print(f"onnxruntime top-1 on the first {n} test images: {top1:.2f} %")


if __name__ == "__main__":
    main()
