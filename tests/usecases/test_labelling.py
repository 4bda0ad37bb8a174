from pathlib import Path

import pytest

from drawing import draw_photo
from imagefinder.domain.errors import Cancelled, LibraryError
from imagefinder.domain.images import Query
from imagefinder.domain.progress import CancelToken, Progress
from imagefinder.embedding.embedder import Embedder
from imagefinder.storage.library import Library
from imagefinder.usecases import labelling
from imagefinder.usecases.indexing import index
from imagefinder.usecases.labelling import accept, proposals, reject, suggest, undo_accept, undo_reject
from labelled_library import KINDS, fill


def no_model() -> Embedder:
    raise AssertionError("the model is not needed for this")


def test_a_photo_without_a_label_is_called_what_its_neighbours_are(library: Library, tmp_path: Path) -> None:
    _, loose = fill(library, tmp_path)
    for photo_id, expected in zip(loose, [name for name in KINDS for _ in range(2)], strict=True):
        vote = suggest(library, no_model, Query("x", photo_id=photo_id))
        assert vote.label == expected
        assert vote.sure
        assert vote.confidence > 0.9
        assert len(vote.voters) == 10
        assert photo_id not in {voter.photo_id for voter in vote.voters}


def test_the_photo_that_asks_has_no_vote(library: Library, tmp_path: Path) -> None:
    labelled, _ = fill(library, tmp_path)
    library.set_labels([labelled[0]], "odd")
    vote = suggest(library, no_model, Query("x", photo_id=labelled[0]))
    assert vote.label == "apple"
    assert "odd" not in {voter.label for voter in vote.voters}


def test_all_labelled_photos_are_asked_where_they_are_few(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled, loose = fill(library, tmp_path)
    library.set_labelled(library.folders()[0].id, False)
    library.set_labels([labelled[-1]], "far away")
    monkeypatch.setattr(labelling, "LOOK_AT", 1)
    vote = suggest(library, no_model, Query("x", photo_id=loose[0]), k=3)
    assert [(voter.photo_id, voter.label) for voter in vote.voters] == [(labelled[-1], "far away")]
    assert not vote.sure


def test_both_ways_to_find_voters_agree(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, loose = fill(library, tmp_path)
    query = Query("x", photo_id=loose[3])
    from_index = suggest(library, no_model, query, k=3)
    monkeypatch.setattr(labelling, "LOOK_AT", 0)
    from_all = suggest(library, no_model, query, k=3)
    assert [voter.photo_id for voter in from_index.voters] == [voter.photo_id for voter in from_all.voters]
    assert from_index.confidence == pytest.approx(from_all.confidence, abs=1e-3)


def test_a_library_without_labels_says_how_to_get_some(library: Library, tmp_path: Path) -> None:
    _, loose = fill(library, tmp_path)
    library.set_labelled(library.folders()[0].id, False)
    with pytest.raises(LibraryError, match="--mark FOLDER"):
        suggest(library, no_model, Query("x", photo_id=loose[0]))
    with pytest.raises(LibraryError, match="--mark FOLDER"):
        proposals(library)


def test_proposals_are_for_all_photos_without_a_label_surest_first(library: Library, tmp_path: Path) -> None:
    _, loose = fill(library, tmp_path)
    found, total = proposals(library)
    assert sorted(proposal.photo.id for proposal in found) == sorted(loose)
    ranks = [(proposal.vote.sure, proposal.vote.confidence) for proposal in found]
    assert ranks == sorted(ranks, reverse=True)
    label_of = {proposal.photo.id: proposal.vote.label for proposal in found}
    assert [label_of[photo_id] for photo_id in loose] == [name for name in KINDS for _ in range(2)]
    assert total == len(loose)
    assert proposals(library, limit=2) == (found[:2], total)


def test_a_proposal_is_what_suggesting_says(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(library, tmp_path)
    monkeypatch.setattr(labelling, "CELLS", 1)  # one photo at a time
    for proposal in proposals(library, k=5)[0]:
        alone = suggest(library, no_model, Query("x", photo_id=proposal.photo.id), k=5)
        assert alone.label == proposal.vote.label
        assert alone.confidence == pytest.approx(proposal.vote.confidence, abs=1e-3)


def test_what_was_accepted_is_not_proposed_and_comes_back_with_undo(library: Library, tmp_path: Path) -> None:
    _, loose = fill(library, tmp_path)
    before = accept(library, [loose[0]], "apple")
    assert library.labels([loose[0]]) == {loose[0]: "apple"}
    assert loose[0] not in {proposal.photo.id for proposal in proposals(library)[0]}
    undo_accept(library, before)
    assert loose[0] in {proposal.photo.id for proposal in proposals(library)[0]}


def test_what_was_rejected_is_not_proposed_again(library: Library, tmp_path: Path) -> None:
    _, loose = fill(library, tmp_path)
    reject(library, [loose[0]], "apple")

    def proposed() -> str | None:
        return next((each.vote.label for each in proposals(library)[0] if each.photo.id == loose[0]), None)

    assert proposed() in ("pear", "plum")
    assert suggest(library, no_model, Query("x", photo_id=loose[0])).label != "apple"
    for name in ("pear", "plum"):
        reject(library, [loose[0]], name)
    assert proposed() is None
    assert proposals(library)[1] == len(loose) - 1  # nobody is left who could vote on this one
    assert suggest(library, no_model, Query("x", photo_id=loose[0])).label is None
    undo_reject(library, [loose[0]], "apple")
    assert proposed() == "apple"


def test_proposing_reports_and_can_be_stopped(library: Library, tmp_path: Path) -> None:
    fill(library, tmp_path)
    seen: list[Progress] = []
    proposals(library, progress=seen.append)
    assert (seen[-1].done, seen[-1].total) == (6, 6)
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        proposals(library, token=token)


def test_a_file_of_the_library_does_not_vote_for_itself_but_a_copy_elsewhere_is_a_stranger(
    library: Library, embedder: Embedder, photos: Path, tmp_path: Path
) -> None:
    folder = library.add_folder(str(photos))
    index(library, embedder)
    library.set_labelled(folder.id, True)
    inside = library.photo_at(str(photos / "a" / "03.jpg"))
    assert inside is not None
    vote = suggest(library, lambda: embedder, Query("x", path=inside.path))
    assert inside.id not in {voter.photo_id for voter in vote.voters}
    copy = draw_photo(tmp_path / "copy.jpg", seed=3)
    vote = suggest(library, lambda: embedder, Query("x", path=str(copy)))
    assert vote.voters[0].photo_id == inside.id
    assert (vote.label, vote.sure) == ("a", True)
