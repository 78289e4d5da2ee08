"""Splits: disjoint, complete, repeatable, with the promised supports, and no speaker on both sides where promised."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ser_keras import splits
from ser_keras.errors import ProtocolError
from ser_keras.splits import Split

seeds = st.integers(0, 2**31 - 1)
tables = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("stuvw")), min_size=12, max_size=60)


def assert_whole(split: Split, n_clips: int):
    together = np.concatenate([split.train, split.validation, split.test])
    np.testing.assert_array_equal(np.sort(together), np.arange(n_clips))  # complete, and none twice


def assert_same(first: Split, second: Split):
    for part in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(first, part), getattr(second, part))


@given(n_clips=st.integers(2, 200), seed=seeds)
def test_random_split_is_whole_repeatable_and_of_the_asked_size(n_clips, seed):
    split = splits.random_split(n_clips, test_size=0.5, seed=seed)
    assert_whole(split, n_clips)
    assert len(split.test) == -(-n_clips // 2)  # scikit-learn rounds the test part up
    assert_same(split, splits.random_split(n_clips, test_size=0.5, seed=seed))


@given(counts=st.lists(st.integers(5, 30), min_size=2, max_size=5), seed=seeds)
def test_stratified_split_keeps_the_shares_of_the_classes(counts, seed):
    labels = [str(number) for number, count in enumerate(counts) for _ in range(count)]
    split = splits.stratified_split(labels, test_size=0.4, seed=seed)
    assert_whole(split, len(labels))
    tested = Counter(np.array(labels)[split.test])
    for number, count in enumerate(counts):
        assert abs(tested[str(number)] - 0.4 * count) < 1.5  # rounding of one class, and of the whole
    assert_same(split, splits.stratified_split(labels, test_size=0.4, seed=seed))


@given(rows=tables, seed=seeds, data=st.data())
def test_matched_supports_are_exact(rows, seed, data):
    labels = [label for label, _ in rows]
    supports = {label: data.draw(st.integers(0, count - 1)) for label, count in Counter(labels).items()}
    split = splits.matched_supports(labels, supports, seed=seed)
    assert_whole(split, len(labels))
    tested = Counter(np.array(labels)[split.test])
    assert {label: tested[label] for label in supports} == supports
    assert_same(split, splits.matched_supports(labels, supports, seed=seed))


def test_matched_supports_draw_other_clips_with_another_seed():
    labels = ["a"] * 50 + ["b"] * 50
    drawn = {tuple(splits.matched_supports(labels, {"a": 10, "b": 10}, seed=seed).test) for seed in range(5)}
    assert len(drawn) == 5


@pytest.mark.parametrize(
    ("supports", "says"),
    [({"a": 3, "b": 1}, "3 test clips of class a"), ({"a": 1}, r"\['b'\]"), ({"a": 1, "b": 1, "c": 1}, r"\['c'\]")],
)
def test_matched_supports_refuse_what_the_clips_do_not_allow(supports, says):
    with pytest.raises(ProtocolError, match=says):
        splits.matched_supports(["a", "a", "a", "b", "b"], supports, seed=0)


def test_scaled_supports_are_the_printed_ones_for_a_complete_corpus():
    labels = ["a"] * 10 + ["b"] * 20
    assert splits.scaled_supports({"a": 3, "b": 4}, {"a": 10, "b": 20}, labels) == {"a": 3, "b": 4}


def test_scaled_supports_keep_the_printed_share():
    labels = ["a"] * 5 + ["b"] * 2
    assert splits.scaled_supports({"a": 4, "b": 19}, {"a": 10, "b": 20}, labels) == {"a": 2, "b": 1}


def test_scaled_supports_refuse_a_class_of_one_clip():
    with pytest.raises(ProtocolError, match=r"\['b'\] have fewer than two clips"):
        splits.scaled_supports({"a": 4, "b": 1}, {"a": 10, "b": 20}, ["a", "a", "b"])


@given(rows=tables)
def test_loso_tests_each_speaker_once_and_never_trains_on_them(rows):
    speakers = np.array([speaker for _, speaker in rows])
    assume(len(set(speakers)) > 1)
    folds = splits.leave_one_speaker_out(speakers)
    assert [set(speakers[fold.test]) for fold in folds] == [{speaker} for speaker in sorted(set(speakers))]
    for fold in folds:
        assert_whole(fold, len(rows))
        assert not set(speakers[fold.train]) & set(speakers[fold.test])


def test_loso_needs_two_speakers():
    with pytest.raises(ProtocolError, match="two speakers or more"):
        splits.leave_one_speaker_out(["s", "s"])


@settings(max_examples=50)
@given(rows=tables, seed=seeds)
@pytest.mark.filterwarnings("ignore:The least populated class")
def test_grouped_k_fold_tests_each_clip_once_and_no_speaker_on_both_sides(rows, seed):
    labels, speakers = zip(*rows, strict=True)
    assume(len(set(speakers)) >= 3)
    if max(Counter(labels).values()) < 3:
        with pytest.raises(ProtocolError, match="can't be divided into 3 folds"):
            splits.grouped_k_fold(labels, speakers, n_splits=3, seed=seed)
        return
    folds = splits.grouped_k_fold(labels, speakers, n_splits=3, seed=seed)
    tested = np.concatenate([fold.test for fold in folds])
    np.testing.assert_array_equal(np.sort(tested), np.arange(len(rows)))
    for fold in folds:
        assert_whole(fold, len(rows))
        assert not set(np.array(speakers)[fold.train]) & set(np.array(speakers)[fold.test])
    for first, second in zip(folds, splits.grouped_k_fold(labels, speakers, n_splits=3, seed=seed), strict=True):
        assert_same(first, second)


def test_grouped_k_fold_needs_as_many_groups_as_folds():
    with pytest.raises(ProtocolError, match="2 groups can't be divided into 3 folds"):
        splits.grouped_k_fold(["a", "a", "b", "b"], ["s", "t", "s", "t"], n_splits=3, seed=0)


def test_classes_of_fewer_clips_than_folds_are_refused():
    with pytest.raises(ProtocolError, match=r"3 clips can't be divided into 3 folds \(.*\): take fewer"):
        splits.grouped_k_fold(["a", "b", "c"], ["s", "t", "u"], n_splits=3, seed=0)


@given(seed=seeds)
def test_validation_comes_from_the_training_part_alone(seed):
    labels = ["a", "b"] * 20
    split = splits.matched_supports(labels, {"a": 4, "b": 4}, seed=seed)
    inner = splits.with_validation(split, labels, share=0.25, seed=seed)
    assert_whole(inner, 40)
    np.testing.assert_array_equal(inner.test, split.test)
    assert Counter(np.array(labels)[inner.validation]) == {"a": 4, "b": 4}
    assert_same(inner, splits.with_validation(split, labels, share=0.25, seed=seed))


def test_small_share_still_watches_every_class():
    labels = list("abcdefg") * 8
    split = splits.matched_supports(labels, dict.fromkeys("abcdefg", 1), seed=0)
    inner = splits.with_validation(split, labels, share=0.01, seed=0)
    assert sorted(np.array(labels)[inner.validation]) == list("abcdefg")


def test_validation_share_that_leaves_too_little_is_refused():
    split = splits.Split(np.arange(4), splits.NONE, np.arange(4, 6))
    with pytest.raises(ProtocolError, match=r"no validation share of 0\.9 in 4 training clips"):
        splits.with_validation(split, list("aabbab"), share=0.9, seed=0)


@given(seed=seeds)
def test_validation_speakers_are_apart_from_training_speakers(seed):
    labels, speakers = ["a", "b"] * 20, np.repeat(list("stuvwxyz"), 5)
    split = splits.leave_one_speaker_out(speakers)[0]
    inner = splits.with_validation(split, labels, share=0.3, seed=seed, groups=speakers)
    assert_whole(inner, 40)
    parts = [set(speakers[part]) for part in (inner.train, inner.validation, inner.test)]
    assert parts[0] and parts[1]
    assert not (parts[0] & parts[1] or parts[0] & parts[2] or parts[1] & parts[2])


def test_no_validation_share_changes_nothing():
    split = splits.random_split(10, test_size=3, seed=0)
    assert splits.with_validation(split, ["a"] * 10, share=0, seed=0) is split


def test_unusable_clips_leave_all_parts():
    split = Split(np.array([0, 1, 2]), np.array([3, 4]), np.array([5, 6]))
    left = splits.kept(split, [1, 3, 6])
    assert [list(left.train), list(left.validation), list(left.test)] == [[0, 2], [4], [5]]


def test_split_with_nothing_left_is_refused():
    with pytest.raises(ProtocolError, match="nothing is left"):
        splits.kept(Split(np.array([0]), splits.NONE, np.array([1])), [1])


def clip_table(corpus, speakers, texts, emotions=("angry", "sad"), repeats=2):
    rows = [
        (corpus, f"{corpus}-{speaker}", f"{corpus}-{text}", emotion)
        for speaker in range(speakers)
        for text in range(texts)
        for emotion in emotions
        for _ in range(repeats)
    ]
    return pd.DataFrame(rows, columns=["corpus", "speaker", "text", "emotion"])


@pytest.mark.parametrize(
    ("corpus", "speakers", "folds"),
    [("emodb", 10, 10), ("savee", 4, 4), ("tess", 2, 2), ("ravdess", 24, 5), ("cremad", 91, 5)],
)
def test_speaker_folds_are_those_usual_for_the_corpus(corpus, speakers, folds):
    clips = clip_table(corpus, speakers, 2)
    found = splits.speaker_folds(clips, 0)
    assert len(found) == folds
    assert sorted(np.concatenate([split.test for split in found])) == list(range(len(clips)))
    for split in found:
        names = clips["speaker"]
        assert not set(names[split.train]) & set(names[split.test])


def test_merged_corpora_have_five_folds_of_speakers():
    clips = pd.concat([clip_table("tess", 2, 4), clip_table("ravdess", 24, 2)], ignore_index=True)
    assert len(splits.speaker_folds(clips, 0)) == 5


def test_speaker_text_folds_share_neither_speaker_nor_text_and_test_each_clip_once():
    clips = pd.concat([clip_table("emodb", 5, 10), clip_table("tess", 2, 8)], ignore_index=True)
    found = splits.speaker_text_folds(clips, 3)
    assert sorted(np.concatenate([split.test for split in found])) == list(range(len(clips)))
    for split in found:
        for column in ("speaker", "text"):
            assert not set(clips[column][split.train]) & set(clips[column][split.test])
    other = splits.speaker_text_folds(clips, 4)
    assert any(len(a.test) != len(b.test) or (a.test != b.test).any() for a, b in zip(found, other, strict=False))


def test_texts_are_drawn_again_where_a_class_would_not_be_left_to_train():
    clips = clip_table("emodb", 3, 8)
    clips["emotion"] = np.where(clips["text"].isin(["emodb-0", "emodb-1"]), "happy", "sad")
    drawn = []
    for seed in range(20):
        found = splits.speaker_text_folds(clips, seed)
        assert all(set(clips["emotion"].iloc[split.train]) == {"happy", "sad"} for split in found)
        texts = np.random.default_rng([seed, 1]).permutation(sorted(set(clips["text"])))
        first_draw = [set(half) for half in (texts[:4], texts[4:])]
        drawn.append([set(clips["text"].iloc[split.test]) for split in found[:2]] == first_draw)
        if drawn[-1] is False:
            assert sum("emodb-0" in half and "emodb-1" in half for half in first_draw) == 1
    assert set(drawn) == {True, False}


def test_text_folds_without_a_class_to_train_are_refused():
    clips = clip_table("emodb", 2, 2)
    clips.loc[clips["text"] == "emodb-0", "emotion"] = "happy"
    with pytest.raises(ProtocolError, match="leaves a class without training clips"):
        splits.speaker_text_folds(clips, 0)


def test_one_speaker_has_no_speaker_folds():
    with pytest.raises(ProtocolError, match="two speakers or more"):
        splits.speaker_folds(clip_table("tess", 1, 4), 0)
