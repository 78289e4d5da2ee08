"""Labels and groups in, index sets out: every protocol is one function.

Index sets are sorted int64 arrays into the clip table that was given; the same arguments give the same sets.
`labels` and `groups` are one string a clip. scikit-learn is imported where it draws: what reads declarations alone, or
features from the store, should not wait for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from ser_keras.errors import ProtocolError

if TYPE_CHECKING:
    import pandas as pd

NONE = np.empty(0, np.int64)
LOSO = {"emodb", "savee", "tess"}  # corpora of so few speakers that each is left out in turn
TEXT_DRAWS = 100  # of halves of the texts, before clips are called too few
N_GROUPS = 5  # groups of speakers of all others


@dataclass(frozen=True)
class Split:
    """Which clips train, which are watched while training (may be none), which are tested; and a remark, if any."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    note: str = ""


def random_split(n_clips: int, *, test_size: float | int, seed: int) -> Split:
    """A plain random split of `n_clips`; `test_size` is a share (float) or a number of clips (int).

    Raises
    ------
    ProtocolError : a part would be empty

    Source: `sklearn.model_selection.train_test_split`.
    """
    return _split_by_sklearn(n_clips, None, test_size, seed)


def stratified_split(labels: Sequence[str], *, test_size: float | int, seed: int) -> Split:
    """A random split with the classes in (nearly) the same shares on both sides.

    Raises
    ------
    ProtocolError : a part would be empty, or a class has fewer than two clips

    Source: `sklearn.model_selection.train_test_split` with `stratify`.
    """
    return _split_by_sklearn(len(labels), np.asarray(labels), test_size, seed)


def _split_by_sklearn(n_clips: int, stratify: np.ndarray | None, test_size: float | int, seed: int) -> Split:
    from sklearn.model_selection import train_test_split

    try:
        train, test = train_test_split(np.arange(n_clips), test_size=test_size, random_state=seed, stratify=stratify)
    except ValueError as error:
        raise ProtocolError(f"{n_clips} clips can't be split with test_size {test_size}: {error}") from error
    return Split(np.sort(train), NONE, np.sort(test))


def matched_supports(labels: Sequence[str], supports: Mapping[str, int], *, seed: int) -> Split:
    """A random split whose test part holds exactly `supports[c]` clips of each class c; the rest trains.

    For papers that print the test supports of a random split, but no seed that leads to them.

    Raises
    ------
    ProtocolError : a class is unknown on one side, or has no more clips than its support (none would train)
    """
    labels = np.asarray(labels)
    unknown = set(labels) ^ set(supports)
    if unknown:
        raise ProtocolError(f"classes {sorted(map(str, unknown))} are in the clips or in the supports, but not in both")
    rng = np.random.default_rng(seed)
    chosen = []
    for label in sorted(supports):
        members = np.flatnonzero(labels == label)
        if not 0 <= supports[label] < len(members):
            raise ProtocolError(
                f"{supports[label]} test clips of class {label} can't be drawn from {len(members)} with one left to "
                "train: complete the corpus, or scale the supports"
            )
        chosen.append(rng.permutation(members)[: supports[label]])
    test = np.sort(np.concatenate(chosen))
    return Split(np.setdiff1d(np.arange(len(labels)), test), NONE, test)


def scaled_supports(supports: Mapping[str, int], complete: Mapping[str, int], labels: Sequence[str]) -> dict[str, int]:
    """Supports for a corpus in part: each class's printed share of its clips, of the clips that are there.

    Parameters
    ----------
    supports : class → test clips in the complete corpus
    complete : class → clips in the complete corpus
    labels : one class a clip that is there

    Returns
    -------
    class → test clips: rounded, at least one, and one fewer than there are at most; `supports` for a complete corpus

    Raises
    ------
    ProtocolError : a class has fewer than two clips, so that it can't be both trained and tested
    """
    present = {label: sum(1 for other in labels if other == label) for label in supports}
    scarce = sorted(label for label, count in present.items() if count < 2)
    if scarce:
        raise ProtocolError(f"classes {scarce} have fewer than two clips here: complete the corpus")
    return {
        label: min(max(round(supports[label] * present[label] / complete[label]), 1), present[label] - 1)
        for label in supports
    }


def leave_one_speaker_out(speakers: Sequence[str]) -> tuple[Split, ...]:
    """One split a speaker, sorted: that speaker's clips are tested, all others train (LOSO).

    Raises
    ------
    ProtocolError : fewer than two speakers
    """
    from sklearn.model_selection import LeaveOneGroupOut

    speakers = np.asarray(speakers)
    if len(set(speakers)) < 2:
        raise ProtocolError(f"leave-one-speaker-out takes two speakers or more, got {sorted(set(speakers))}")
    folds = LeaveOneGroupOut().split(speakers, groups=speakers)
    return tuple(Split(train, NONE, test) for train, test in folds)


def grouped_k_fold(labels: Sequence[str], groups: Sequence[str], *, n_splits: int, seed: int) -> tuple[Split, ...]:
    """`n_splits` splits; each group (speaker) is tested in exactly one, with classes as even as groups allow.

    Raises
    ------
    ProtocolError : fewer groups than splits, fewer than two splits, or no class with a clip for each

    Source: `sklearn.model_selection.StratifiedGroupKFold`, shuffled.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    groups = np.asarray(groups)
    if not 2 <= n_splits <= len(set(groups)):
        raise ProtocolError(f"{len(set(groups))} groups can't be divided into {n_splits} folds: take 2 to that many")
    folds = StratifiedGroupKFold(n_splits, shuffle=True, random_state=seed)
    try:
        splits = tuple(
            Split(np.sort(train), NONE, np.sort(test)) for train, test in folds.split(groups, labels, groups)
        )
    except ValueError as error:
        raise ProtocolError(
            f"{len(groups)} clips can't be divided into {n_splits} folds ({error}): take fewer"
        ) from None
    if any(len(split.test) == 0 for split in splits):
        raise ProtocolError(f"a fold of {n_splits} would test nothing: take fewer folds")
    return splits


def speaker_folds(clips: pd.DataFrame, seed: int) -> tuple[Split, ...]:
    """Folds in which nobody who is tested is trained on, as is usual for each corpus; every clip is tested once.

    One corpus of few speakers (EMO-DB, SAVEE; TESS: train on one, test on the other): leave one speaker out. RAVDESS,
    CREMA-D and corpora that are merged: five groups of speakers with classes as even as they allow.

    Parameters
    ----------
    clips : clip table with the columns corpus, speaker, emotion
    seed : decides the groups

    Raises
    ------
    ProtocolError : one speaker alone
    """
    speakers, corpora = clips["speaker"].to_numpy(), set(clips["corpus"])
    if (corpora <= LOSO and len(corpora) == 1) or len(set(speakers)) <= N_GROUPS:
        return leave_one_speaker_out(speakers)
    return grouped_k_fold(clips["emotion"].to_numpy(), speakers, n_splits=N_GROUPS, seed=seed)


def speaker_text_folds(clips: pd.DataFrame, seed: int) -> tuple[Split, ...]:
    """As `speaker_folds`, and nothing that is said in the test part is said in training; every clip is tested once.

    The texts of each corpus are divided into halves at random, anew where a class would not be left to train; each fold
    of speakers is tested on one half after training on the other, and the other way round.

    Raises
    ------
    ProtocolError : one speaker alone, or a class is not left to train in any of `TEXT_DRAWS` draws

    Source: Atmaja and Sasou (2022), Evaluating self-supervised speech representations for speech emotion recognition,
    for text-independence as a protocol.
    """
    rng = np.random.default_rng([seed, 1])
    speakers, emotions = speaker_folds(clips, seed), clips["emotion"].to_numpy()
    for _ in range(TEXT_DRAWS):
        folds = _crossed(speakers, _text_halves(clips, rng))
        if all(len(set(emotions[split.train])) == len(set(emotions)) for split in folds):
            return folds
    raise ProtocolError(
        "a fold leaves a class without training clips of other speakers and texts, in each of "
        f"{TEXT_DRAWS} draws of the texts: get more clips"
    )


def _text_halves(clips: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """0 or 1 for each clip, in which half of its corpus's texts what it says is."""
    half = np.zeros(len(clips), dtype=int)
    for _, of_corpus in clips.groupby("corpus", sort=True):
        texts = rng.permutation(sorted(set(of_corpus["text"])))
        second = set(texts[len(texts) // 2 :])
        half[clips.index.get_indexer(of_corpus.index)] = of_corpus["text"].isin(second).to_numpy()
    return half


def _crossed(speakers: Sequence[Split], half: np.ndarray) -> tuple[Split, ...]:
    """Two folds of each fold of speakers, one tested on either half of the texts."""
    folds = []
    for split in speakers:
        for tested in (0, 1):
            train, test = split.train[half[split.train] != tested], split.test[half[split.test] == tested]
            if len(test):
                folds.append(Split(train, NONE, test))
    return tuple(folds)


FOLDS: Mapping[str, Callable[[pd.DataFrame, int], tuple[Split, ...]]] = MappingProxyType(
    {"speaker-independent": speaker_folds, "speaker-text-independent": speaker_text_folds}
)


def with_validation(
    split: Split, labels: Sequence[str], *, share: float, seed: int, groups: Sequence[str] | None = None
) -> Split:
    """The split with `share` of its training part set apart for validation; test clips are never touched.

    Parameters
    ----------
    split : without a validation part
    labels : one class a clip; the share is stratified by class where no groups are given
    share : float in [0, 1), rounded up, and one clip a class at least; 0 gives the split back
    seed : int
    groups : one group a clip (speaker), kept whole on one side; None: clips are drawn singly

    Raises
    ------
    ProtocolError : the share can't be drawn
    """
    if share == 0:
        return split
    inner_labels = np.asarray(labels)[split.train]
    try:
        if groups is None:
            clips = max(math.ceil(share * len(inner_labels)), len(set(inner_labels)))
            inner = _split_by_sklearn(len(inner_labels), inner_labels, clips, seed)
            train, validation = inner.train, inner.test
        else:
            from sklearn.model_selection import GroupShuffleSplit

            shuffle = GroupShuffleSplit(1, test_size=share, random_state=seed)
            train, validation = next(shuffle.split(inner_labels, groups=np.asarray(groups)[split.train]))
    except (ValueError, ProtocolError) as error:
        raise ProtocolError(f"no validation share of {share} in {len(split.train)} training clips: {error}") from error
    return replace(split, train=split.train[np.sort(train)], validation=split.train[np.sort(validation)])


def kept(split: Split, unusable: Sequence[int]) -> Split:
    """The split without the clips that turned out unusable."""
    parts = {part: np.setdiff1d(getattr(split, part), unusable) for part in ("train", "validation", "test")}
    if not len(parts["train"]) or not len(parts["test"]):
        raise ProtocolError("nothing is left to train or to test after the unusable recordings are set aside")
    return replace(split, **parts)
