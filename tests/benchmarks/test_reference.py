"""The core gives what each paper's features are when they are written the plain way."""

import numpy as np
import pytest

from benchmarks.extraction import subjects
from benchmarks.reference import REFERENCES

# beyond 1e-5 of a number, which is float32 rounding in sums of some hundred terms:
ROOM = {
    "kanoun2024-log-mel": 4.4e-5,  # decibels near 0: 1e-5 of a power is 4.4e-5 dB
    "rastogi2025-acoustic": 1e-4,  # coefficients near 0, which are sums of 128 bands of up to 100 dB
    "rastogi2025-acoustic-described": 1e-4,
    "salian2021-windows": 4.4e-5,
    "sankaran2023-mfcc": 1e-4,
    "sankaran2023-mfcc-image": 1e-4,
    "sankaran2023-mfcc-means": 1e-4,
    "yadav2022-log-mel": 1e-5,  # z-scores, of deviation 1
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
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=ROOM[name], err_msg=str(path))
