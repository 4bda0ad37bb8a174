"""What learns: the last part of a network, or nothing of it, and a linear head."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn


def build_branch(tuned: "nn.Module", head: "nn.Module", dropout: float, *, unit: bool = True) -> "nn.Module":
    """inputs -> rows (n, dimension), not of unit length: the network's part, brought to ``unit`` length, dropout, head.

    ``train()`` turns on the dropout before the head and nothing else: the statistics of batch norms stay.
    """
    import torch
    from torch import nn
    from torch.nn.functional import normalize

    class Branch(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tuned = tuned
            self.dropout = nn.Dropout(dropout)
            self.head = head

        def train(self, mode: bool = True) -> "Branch":
            super().train(False)
            self.dropout.train(mode)
            return self

        def features(self, inputs: "Tensor") -> "Tensor":
            output: Tensor = self.tuned(inputs)
            return output.float()

        def finish(self, features: "Tensor") -> "Tensor":
            with torch.autocast(features.device.type, enabled=False):
                rows: Tensor = self.head(self.dropout(normalize(features) if unit else features))
            return rows

        def forward(self, inputs: "Tensor") -> "Tensor":
            return self.finish(self.features(inputs))

    return Branch().eval()
