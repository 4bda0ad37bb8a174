"""One batch: a loss, its gradients, and a step. A batch that does not fit into memory goes through in parts."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from imagefinder.domain.training import Recipe, TrainingError
from imagefinder.embedding.device import Precision, dtype_of
from imagefinder.embedding.embedder import is_out_of_memory
from imagefinder.training.miners import Miner

if TYPE_CHECKING:
    from torch import Tensor, nn


class LossIsNoNumber(Exception):
    """The loss became infinite or nan: the rates are too high, or the precision too low."""


class Stepper:
    """The optimiser and what it needs. ``chunk`` photos go through the network at once (0: all of a batch).

    A loss over pairs needs the whole batch. In parts, the features are computed first without gradients, the loss
    gives the gradient of each feature, and each part is computed again with it (Gao et al., "Scaling deep contrastive
    learning batch size under memory limited setup", 2021): the sum is the gradient of the whole batch, exactly.
    """

    def __init__(
        self,
        branch: "nn.Module",
        loss: "nn.Module",
        miner: Miner,
        recipe: Recipe,
        head_rate: float,
        device: str,
        precision: Precision,
        warn: Callable[[str], None],
    ) -> None:
        import torch

        self.branch, self.loss = branch, loss
        self.chunk = recipe.chunk
        self._miner, self._device, self._precision, self._warn = miner, device, precision, warn
        self._clip = recipe.clip
        groups = [
            (branch.get_submodule("tuned").parameters(), recipe.network_rate, recipe.weight_decay),
            (branch.get_submodule("head").parameters(), head_rate, recipe.weight_decay),
            (loss.parameters(), recipe.loss_rate, 0.0),  # proxies are directions: decay would only slow them
        ]
        self._rates = [rate for _, rate, _ in groups]
        made = [{"params": list(parameters), "lr": rate, "weight_decay": decay} for parameters, rate, decay in groups]
        self._kept = [place for place, group in enumerate(made) if group["params"]]
        self.optimiser = torch.optim.AdamW([made[place] for place in self._kept], fused=True)
        kind = device.partition(":")[0]
        self.scaler = torch.amp.GradScaler(kind, enabled=precision == "float16")

    def step(self, batch: "Tensor", labels: "Tensor", progress: float) -> float:
        """Learn from one batch at ``progress`` (0..1) of the phase; the loss. Raises LossIsNoNumber, TrainingError."""
        for group, place in zip(self.optimiser.param_groups, self._kept, strict=True):
            group["lr"] = self._rates[place] * 0.5 * (1 + math.cos(math.pi * progress))
        while True:
            self.optimiser.zero_grad(set_to_none=True)
            try:
                value = self._gradients(batch, labels)
                break
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
            self._make_room(len(batch))
        if not math.isfinite(value):
            raise LossIsNoNumber
        self.scaler.unscale_(self.optimiser)
        self._clip_gradients()
        self.scaler.step(self.optimiser)
        self.scaler.update()
        return value

    def rows(self, batch: "Tensor") -> "Tensor":
        """What the branch gives for a batch, without gradients."""
        import torch

        self.branch.eval()
        with torch.no_grad(), arithmetic(self._device, self._precision):
            found: Tensor = self.branch(batch)
        return found.float()

    def _gradients(self, batch: "Tensor", labels: "Tensor") -> float:
        import torch

        self.branch.train()
        features_of: Callable[[Tensor], Tensor] = self.branch.features  # type: ignore[assignment]  # a method, not a part
        finish: Callable[[Tensor], Tensor] = self.branch.finish  # type: ignore[assignment]  # the same
        parts = _parts(batch, self.chunk) if 0 < self.chunk < len(batch) else []
        with arithmetic(self._device, self._precision):
            if parts:
                with torch.no_grad():
                    features = torch.cat([features_of(part) for part in parts])
                features.requires_grad_()
            else:
                features = features_of(batch)
        rows = finish(features)
        loss = self.loss(rows, labels, self._miner(rows.detach(), labels))
        _backward(self.scaler.scale(loss))
        if parts and next(self.branch.get_submodule("tuned").parameters(), None) is not None:
            assert features.grad is not None
            for part, gradient in zip(parts, _parts(features.grad, self.chunk), strict=True):
                with arithmetic(self._device, self._precision):
                    again = features_of(part)
                _backward(again, gradient)
        return float(loss.detach())

    def _clip_gradients(self) -> None:
        import torch

        if self._clip > 0:
            torch.nn.utils.clip_grad_norm_(self.branch.parameters(), self._clip)

    def _make_room(self, size: int) -> None:
        import torch

        if self._device.startswith("cuda"):
            torch.cuda.empty_cache()
        at_once = self.chunk or size
        if at_once <= 1:
            raise TrainingError(
                "Memory is not enough to train this model.", "Close other programs, or choose the quick mode."
            )
        self.chunk = at_once // 2
        self._warn(f"Memory on {self._device} ran out. Going on with {self.chunk} photos at a time.")


def _parts(tensor: "Tensor", size: int) -> "list[Tensor]":
    return [tensor[start : start + size] for start in range(0, len(tensor), size)]


def arithmetic(device: str, precision: Precision) -> Any:
    """A block of mixed precision, where the device is faster with it."""
    import torch

    return torch.autocast(device.partition(":")[0], dtype=dtype_of(precision), enabled=precision != "float32")


def _backward(value: "Tensor", gradient: "Tensor | None" = None) -> None:
    value.backward(gradient)  # type: ignore[no-untyped-call]  # torch's Tensor.backward has no types
