"""Which models are compared: one of each network, and always the floors."""

import pytest

from ser_keras.comparison import models
from ser_keras.errors import PaperError


def test_each_network_of_a_paper_is_there_once():
    # cross-corpus and crnn-tess have the layers of crnn
    assert [one.name for one in models.networks("kanoun2024")] == [
        f"kanoun2024/{one}" for one in ("crnn", "resnet", "cnn")
    ]
    assert [one.name for one in models.networks("yadav2022")] == ["yadav2022/ravdess"]


def test_named_models_are_taken_once_and_floors_come_last():
    found = models.selected(("sankaran2023/ann", "majority", "rastogi2025", "sankaran2023/ann"))
    assert [one.name for one in found] == [
        *("sankaran2023/ann", "rastogi2025/mlp", "rastogi2025/cnn-lstm"),
        *("egemaps-svm", "majority"),
    ]


def test_floors_alone_can_be_named():
    assert [one.name for one in models.selected(("majority",))] == ["egemaps-svm", "majority"]


def test_model_is_the_first_variant_at_our_choices():
    (found, *_) = models.selected(("rastogi2025/cnn-lstm",))
    assert found.variant.name == "described"
    assert found.choices["inputs"] == "table2"
    assert len(found.columns()) == 43
    assert "(described)" in found.title


def test_copies_that_a_paper_makes_before_its_split_are_made_of_training_clips_alone():
    (found, *_) = models.selected(("salian2021/td-cnn-lstm",))
    assert found.choices["augment"] == "before-split"
    assert [one.name for one in found.altered(0)] == ["salian2021-windows-noise"]
    assert models.selected(("sankaran2023/ann",))[0].altered(0) == ()


@pytest.mark.parametrize(
    ("target", "says"),
    [("nobody1999", "no paper is called 'nobody1999'"), ("yadav2022/iemocap", "yadav2022 has no experiment 'iemocap'")],
)
def test_unknown_models_are_named(target, says):
    with pytest.raises(PaperError, match=says):
        models.selected((target,))
