"""The network of the default of earlier versions: small, dense, and quick on any CPU."""

from typing import TYPE_CHECKING

from imagefinder.domain.errors import ModelError
from imagefinder.domain.specs import ModelSpec
from imagefinder.embedding.torchvision_compat import import_timm

if TYPE_CHECKING:
    from torch import nn

STEM = 32
WIDTHS = (48, 96, 192, 384)
DEPTHS = (1, 2, 2, 1)


def build_compact(spec: ModelSpec) -> "nn.Module":
    """A residual network (He et al., CVPR 2016) of plain 3 x 3 convolutions: (n, 3, h, w) -> (n, spec.dimension).

    Plain ones, because a CPU multiplies matrices several times faster than it filters channel by channel. Pictures
    are halved twice before the first block, and in the shortcuts by averaging (He et al., CVPR 2019). The parts run
    one after another: ``stem``, ``blocks``, ``head``; the head is an average over the map and a linear layer.
    ``spec.options`` may give other "widths" and "depths". Raises ModelError for options that make no network.
    """
    from torch import nn

    import_timm()
    from timm.models.resnet import BasicBlock, downsample_avg

    widths = tuple(spec.options.get("widths", WIDTHS))
    depths = tuple(spec.options.get("depths", DEPTHS))
    whole = all(isinstance(number, int) and 0 < number <= 4096 for number in (*widths, *depths))
    if not whole or not widths or len(widths) != len(depths):
        raise ModelError(
            f"The compact network cannot be built with widths {widths} and depths {depths}.",
            "The model's record is damaged: remove the model and add it again.",
        )
    network = nn.Sequential()
    network.add_module("stem", nn.Sequential(*_halving(3, STEM), *_halving(STEM, widths[0])))
    blocks: list[nn.Module] = []
    before = widths[0]
    for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
        for number in range(depth):
            stride = 2 if stage and not number else 1
            shortcut = downsample_avg(before, width, 1, stride) if before != width or stride > 1 else None
            blocks.append(BasicBlock(before, width, stride, shortcut))
            before = width
    network.add_module("blocks", nn.Sequential(*blocks))
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, spec.dimension))
    network.add_module("head", nn.Sequential(*head))
    return network.eval()


def _halving(before: int, after: int) -> "list[nn.Module]":
    from torch import nn

    return [nn.Conv2d(before, after, 3, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True)]
