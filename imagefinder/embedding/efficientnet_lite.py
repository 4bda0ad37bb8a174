"""EfficientNet-Lite as timm builds it, tensor for tensor, without timm, whose import takes longer than a search.

Tan and Le, "EfficientNet" (ICML 2019), without squeeze-and-excitation and with ReLU6, as Google made it for phones.
Names and shapes of all tensors are those of timm's ``tf_efficientnet_lite0`` to ``tf_efficientnet_lite4``, so that a
file of weights, and a record that names one of these, are served by either.
"""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn

SCALES = {
    "tf_efficientnet_lite0": (1.0, 1.0),
    "tf_efficientnet_lite1": (1.0, 1.1),
    "tf_efficientnet_lite2": (1.1, 1.2),
    "tf_efficientnet_lite3": (1.2, 1.4),
    "tf_efficientnet_lite4": (1.4, 1.8),
}
"""Name -> how many times as wide, and as deep, as the first one."""
STAGES = (
    # blocks, kernel, stride, expansion, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM, FEATURES = 32, 1280
EPSILON = 1e-3
"""Of the batch norms, as TensorFlow's."""


def build_efficientnet_lite(name: str, classes: int = 0, pooled: bool = True) -> "nn.Module":
    """A network of SCALES in evaluation mode: (n, 3, h, w) -> (n, 1280) features.

    With ``classes`` it gives that many class scores, and (n, 1280, h / 32, w / 32) maps if it is not ``pooled``.
    """
    import torch
    from torch import nn
    from torch.nn.functional import conv2d, pad

    class SameConv2d(nn.Conv2d):
        """Pads as TensorFlow does: where an odd number of pixels is missing to the kernel, one more at the end."""

        def forward(self, x: "Tensor") -> "Tensor":
            down, across = (_missing(x.shape[2 + i], self.kernel_size[i], self.stride[i]) for i in (0, 1))
            weight, missing = self.weight, down
            if down != across:
                x, missing = pad(x, (across // 2, across - across // 2, down // 2, down - down // 2)), 0
            elif missing % 2:  # a kernel that begins with zeros does the same as a copy of the whole map with a margin
                weight, missing = pad(weight, (1, 0, 1, 0)), missing + 1
            return conv2d(x, weight, self.bias, self.stride, missing // 2, self.dilation, self.groups)

    def conv(given: int, wanted: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Module:
        if stride > 1:
            return SameConv2d(given, wanted, kernel, stride, groups=groups, bias=False)
        return nn.Conv2d(given, wanted, kernel, padding=kernel // 2, groups=groups, bias=False)

    class Normed(nn.BatchNorm2d):
        """A batch norm, and the ReLU6 behind it where there is one."""

        def __init__(self, channels: int, active: bool = True) -> None:
            super().__init__(channels, EPSILON)
            self.drop = nn.Identity()
            self.act = nn.ReLU6(inplace=True) if active else nn.Identity()

        def forward(self, x: "Tensor") -> "Tensor":
            return self.act(super().forward(x))  # type: ignore[no-any-return]  # nn.Module's call is Any

    class DepthwiseSeparable(nn.Module):
        def __init__(self, given: int, wanted: int, kernel: int) -> None:
            super().__init__()
            self.conv_dw = conv(given, given, kernel, groups=given)
            self.bn1 = Normed(given)
            self.conv_pw = conv(given, wanted)
            self.bn2 = Normed(wanted, active=False)

        def forward(self, x: "Tensor") -> "Tensor":
            return self.bn2(self.conv_pw(self.bn1(self.conv_dw(x))))  # type: ignore[no-any-return]  # as above

    class InvertedResidual(nn.Module):
        def __init__(self, given: int, wanted: int, kernel: int, stride: int, expansion: int) -> None:
            super().__init__()
            inner = given * expansion
            self.conv_pw = conv(given, inner)
            self.bn1 = Normed(inner)
            self.conv_dw = conv(inner, inner, kernel, stride, groups=inner)
            self.bn2 = Normed(inner)
            self.conv_pwl = conv(inner, wanted)
            self.bn3 = Normed(wanted, active=False)
            self.skips = stride == 1 and given == wanted

        def forward(self, x: "Tensor") -> "Tensor":
            inner = self.bn2(self.conv_dw(self.bn1(self.conv_pw(x))))
            out = self.bn3(self.conv_pwl(inner))
            return out + x if self.skips else out  # type: ignore[no-any-return]  # as above

    width, depth = SCALES[name]
    stages: list[nn.Module] = []
    info: list[dict[str, object]] = []
    before = STEM
    for number, (count, kernel, stride, expansion, channels) in enumerate(STAGES):
        outer = number in (0, len(STAGES) - 1)  # the first and the last stage are never deeper
        wanted = _rounded(channels * width)
        blocks: list[nn.Module] = []
        for place in range(count if outer else math.ceil(count * depth)):
            blocks.append(
                InvertedResidual(before, wanted, kernel, stride if not place else 1, expansion)
                if expansion > 1
                else DepthwiseSeparable(before, wanted, kernel)
            )
            before = wanted
        stages.append(nn.Sequential(*blocks))
        if number == len(STAGES) - 1 or STAGES[number + 1][2] > 1:  # the last one of its resolution
            info.append({"module": f"blocks.{number}", "num_chs": wanted})

    class EfficientNetLite(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv_stem = conv(3, STEM, 3, 2)
            self.bn1 = Normed(STEM)
            self.blocks = nn.Sequential(*stages)
            self.conv_head = conv(before, FEATURES)
            self.bn2 = Normed(FEATURES)
            self.classifier = nn.Linear(FEATURES, classes) if classes else nn.Identity()
            self.feature_info = info

        def forward(self, pictures: "Tensor") -> "Tensor":
            maps: Tensor = self.bn2(self.conv_head(self.blocks(self.bn1(self.conv_stem(pictures)))))
            if not pooled:
                return maps
            return self.classifier(torch.flatten(maps.mean((2, 3)), 1))  # type: ignore[no-any-return]  # as above

    return EfficientNetLite().eval()


def _missing(size: int, kernel: int, stride: int) -> int:
    return max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)


def _rounded(channels: float) -> int:
    """A multiple of eight, and never less than nine tenths of what was asked for."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest
