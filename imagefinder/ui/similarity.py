"""How a cosine is said to a person: a whole number, and a word where the model has been calibrated."""

from typing import NamedTuple

from PySide6.QtCore import QCoreApplication


class Scale(NamedTuple):
    """The lowest cosine that each word stands for. It belongs to a model: 0.7 means little to one, a lot to another."""

    same: float
    very_alike: float
    alike: float
    related: float


def percent(cosine: float) -> int:
    """0..100. What points away from the query (a negative cosine) is as dissimilar as can be: 0."""
    return max(0, min(100, round(cosine * 100)))


def word(cosine: float, scale: Scale | None) -> str:
    """One or two words, or nothing for a model without a scale and for what is not even related."""
    if scale is None:
        return ""
    if cosine >= scale.same:
        return QCoreApplication.translate("similarity", "same")
    if cosine >= scale.very_alike:
        return QCoreApplication.translate("similarity", "very alike")
    if cosine >= scale.alike:
        return QCoreApplication.translate("similarity", "alike")
    if cosine >= scale.related:
        return QCoreApplication.translate("similarity", "related")
    return ""
