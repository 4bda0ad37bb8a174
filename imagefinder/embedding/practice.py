"""One small training step, to see that training works here at all: gradients, the optimiser, and their threads."""

from collections.abc import Sequence

from imagefinder.domain.images import Embeddings

COPIES = 128
"""A handful of embeddings would be done by one thread; a tensor of some thousand rows is shared out among all."""


def practice_step(embeddings: Embeddings, labels: Sequence[int], device: str = "cpu") -> tuple[float, float]:
    """Fit a linear head, (n, d) float32 -> classes, by one step of SGD; the loss (cross entropy) before and after.

    ``labels`` are 0..classes-1, one per row. For rows of unit length a step of this size always lowers the loss, so
    a loss that does not fall means that something in here is broken. The head is thrown away.
    """
    import torch
    from torch import nn

    rows = torch.from_numpy(embeddings.copy()).repeat(COPIES, 1).to(device)
    wanted = torch.tensor(labels).repeat(COPIES).to(device)
    head = nn.Linear(rows.shape[1], max(labels) + 1).to(device)
    optimiser = torch.optim.SGD(head.parameters(), lr=1.0)
    loss = nn.functional.cross_entropy(head(rows), wanted)
    loss.backward()  # type: ignore[no-untyped-call]  # torch's Tensor.backward has no types
    optimiser.step()
    with torch.inference_mode():
        after = nn.functional.cross_entropy(head(rows), wanted)
    return loss.item(), after.item()
