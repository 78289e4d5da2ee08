"""The core gives what each paper's features are when they are written the plain way."""

import numpy as np
import pytest

from benchmarks.extraction import subjects
from benchmarks.reference import REFERENCES
from ser_keras.features import prosody

RELATIVE = 1e-5  # of a number: float32 rounding in sums of some hundred terms
DECIBELS = 4.4e-5  # near 0 dB: 1e-5 of a power is 4.4e-5 dB
COEFFICIENTS = 1e-4  # near 0: a weighted sum of 128 bands, each with the room of its decibels, that cancel
MEANS = 1e-5  # near 0: the same over the frames of a clip, where the rounding of single frames cancels
ROOM = {  # beyond the relative tolerance: of all numbers of a pipeline, or of those of its columns that need some
    "kanoun2024-log-mel": DECIBELS,
    "rastogi2025-acoustic": dict.fromkeys(prosody.MFCC_MEANS, MEANS),
    "rastogi2025-acoustic-described": dict.fromkeys(prosody.MFCC_MEANS, MEANS),
    "salian2021-windows": DECIBELS,
    "sankaran2023-mfcc": COEFFICIENTS,
    "sankaran2023-mfcc-image": COEFFICIENTS,
    "sankaran2023-mfcc-means": MEANS,
    "yadav2022-log-mel": 1e-5,  # z-scores near 0, of deviation 1
}


@pytest.fixture(scope="module")
def pipelines(real_corpora):
    return {name: subject.pipeline for name, subject in subjects(real_corpora).items()}


def test_every_pipeline_of_every_paper_has_a_reference(pipelines):
    assert set(pipelines) == set(REFERENCES) == set(ROOM)


@pytest.mark.real_data
@pytest.mark.parametrize("name", sorted(REFERENCES))
def test_core_gives_the_numbers_of_the_plain_way(real_corpora, pipelines, name):
    for corpus, number in (("emodb", 4), ("ravdess", 4), ("tess", 2)):
        clips = sorted((real_corpora / corpus).rglob("*.wav"))
        for path in clips[:: len(clips) // number]:
            found, expected = pipelines[name].array(path, path.name), REFERENCES[name](str(path))
            assert_alike(found, expected, pipelines[name].names, ROOM[name], path)


def assert_alike(found, expected, columns, room, path):
    """Each column by itself, so that what one needs is granted to no other, or the whole of an array of one kind."""
    parts = zip(columns, found, expected, strict=True) if columns else [("all", found, expected)]
    for column, ours, plain in parts:
        atol = room.get(column, 0) if columns else room
        np.testing.assert_allclose(ours, plain, rtol=RELATIVE, atol=atol, err_msg=f"{column} of {path}")


@pytest.mark.parametrize("column", ["mean_amplitude", "jitter", "mfcc_std_12"])
def test_column_away_from_0_is_granted_no_more_than_its_relative_tolerance(column):
    columns, expected = prosody.ACOUSTIC, np.full(len(prosody.ACOUSTIC), 1e-3)
    found = expected.copy()
    found[columns.index(column)] *= 1 + 2 * RELATIVE
    with pytest.raises(AssertionError, match=column):
        assert_alike(found, expected, columns, ROOM["rastogi2025-acoustic"], "a.wav")
