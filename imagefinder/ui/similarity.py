"""How a cosine is said to a person: a whole number, and a word where the model has been calibrated."""

from PySide6.QtCore import QCoreApplication

from imagefinder.domain.verdicts import Scale

__all__ = ["Scale", "percent", "word"]


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
