"""The methods that order search results anew, under their names. All take and give the same: one stands for another.

All work on the unit rows of the candidates: the nearest photos by cosine. With the whole gallery as candidates they are
the methods of their papers; with fewer, what lies outside cannot come up, except where a method gives a new query.
"""

from collections.abc import Callable
from dataclasses import dataclass

from imagefinder.domain.images import Embeddings
from imagefinder.domain.registry import Registry
from imagefinder.domain.search_options import SearchOptions
from imagefinder.ranking.augmentation import augmentation
from imagefinder.ranking.diffusion import diffusion
from imagefinder.ranking.expansion import expand, query_expansion
from imagefinder.ranking.nearest import Similarities
from imagefinder.ranking.reciprocal import k_reciprocal


@dataclass(frozen=True, slots=True)
class Lever:
    """One way to order results."""

    name: str
    sentence: str
    """What it does, for the person who chooses."""
    cost: str
    """What it costs, for the same person."""
    rank: Callable[[Embeddings, Embeddings, SearchOptions], Similarities]
    """(query (d,), gallery (n, d), options) -> (n,): higher is better, comparable within one answer."""
    expand: Callable[[Embeddings, Embeddings, SearchOptions], Embeddings] | None = None
    """(query, gallery, options) -> a better query (d,) to ask the whole library with, for a method that makes one."""


LEVERS: Registry[Lever] = Registry("way to order results")

for _lever in (
    Lever(
        "none",
        "Orders photos by their similarity to the query, and by nothing else.",
        "Costs nothing.",
        lambda query, gallery, options: gallery @ query,
    ),
    Lever(
        "query-expansion",
        "Searches a second time with the query and its nearest photos together.",
        "Costs a second search. Safe where only a few photos belong together.",
        lambda query, gallery, options: query_expansion(query, gallery, options.expansion_k, options.alpha),
        lambda query, gallery, options: expand(query, gallery, options.expansion_k, options.alpha),
    ),
    Lever(
        "augmentation",
        "Lets each photo stand for itself and the photos most like it.",
        "Costs a tenth of a second or two. For libraries with ten or more photos of each thing.",
        lambda query, gallery, options: augmentation(query, gallery, options.augmentation_k, options.alpha),
    ),
    Lever(
        "k-reciprocal",
        "Prefers photos that have the same neighbours as the query, and count it among their own.",
        "Costs a tenth of a second or two. For libraries with ten or more photos of each thing.",
        lambda query, gallery, options: k_reciprocal(
            query, gallery, options.reciprocal_k1, options.reciprocal_k2, options.reciprocal_cosine
        ),
    ),
    Lever(
        "diffusion",
        "Follows chains of similar photos, so that a photo can be found through others.",
        "Costs a tenth of a second or two. For libraries with ten or more photos of each thing.",
        lambda query, gallery, options: diffusion(
            query,
            gallery,
            options.diffusion_k,
            options.diffusion_alpha,
            options.diffusion_steps,
            options.diffusion_start,
        ),
    ),
):
    LEVERS.register(_lever.name, _lever)
