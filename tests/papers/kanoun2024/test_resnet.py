"""ResNet-18 for one channel against torchvision's shapes and counts, and its start from ImageNet weights."""

import math

import keras
import numpy as np
import pytest

from papers.kanoun2024 import PAPER
from papers.kanoun2024.resnet import VARIABLE, build_resnet18, fill, imagenet_file
from ser_keras.choices import resolved
from ser_keras.errors import PaperError

RESNET = next(one for one in PAPER.experiments if one.name == "resnet")
STAGES = ((1, 64, 64), (2, 64, 128), (3, 128, 256), (4, 256, 512))  # stage, channels in, channels out


def torchvision_shapes():
    """Every array of torchvision's resnet18 that is not replaced, with its shape there: (out, in, height, width)."""
    shapes = {f"bn1.{part}": (64,) for part in ("weight", "bias", "running_mean", "running_var")}
    for stage, channels, filters in STAGES:
        for number in (0, 1):
            block, inner = f"layer{stage}.{number}", channels if number == 0 else filters
            shapes[f"{block}.conv1.weight"] = (filters, inner, 3, 3)
            shapes[f"{block}.conv2.weight"] = (filters, filters, 3, 3)
            norms = ["bn1", "bn2"]
            if number == 0 and stage > 1:
                shapes[f"{block}.downsample.0.weight"] = (filters, channels, 1, 1)
                norms.append("downsample.1")
            for norm in norms:
                for part in ("weight", "bias", "running_mean", "running_var"):
                    shapes[f"{block}.{norm}.{part}"] = (filters,)
    return shapes


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    rng = np.random.default_rng(0)
    arrays = {name: rng.uniform(0.5, 1, shape).astype(np.float32) for name, shape in torchvision_shapes().items()}
    arrays["conv1.weight"] = np.ones((64, 3, 7, 7), np.float32)  # of three channels: not used
    arrays["fc.weight"], arrays["fc.bias"] = np.ones((1000, 512), np.float32), np.ones(1000, np.float32)
    path = tmp_path_factory.mktemp("weights") / "resnet18.npz"
    np.savez(path, **arrays)
    return path


def test_resnet_has_the_parameters_of_torchvision_for_one_channel_and_six_classes():
    resnet = build_resnet18(6)
    trained = sum(math.prod(weight.shape) for weight in resnet.trainable_weights)
    # torchvision prints 11 689 512 for three channels and 1000 classes
    assert trained == 11_689_512 - 2 * 7 * 7 * 64 - (512 + 1) * (1000 - 6)
    norms = 64 + 4 * 64 + 5 * 128 + 5 * 256 + 5 * 512  # channels that are normalised
    assert resnet.count_params() == trained + 2 * norms == 11_182_918


def test_resnet_has_the_shapes_of_pytorch():
    resnet = build_resnet18(6)
    # PyTorch: (n + 2 · padding - kernel) // stride + 1; 64 → 32 → 16 → 16 → 8 → 4 → 2, 79 → 40 → 20 → 20 → 10 → 5 → 3
    expected = {
        "conv1": (None, 32, 40, 64),
        "maxpool": (None, 16, 20, 64),
        "layer1_1_relu2": (None, 16, 20, 64),
        "layer2_1_relu2": (None, 8, 10, 128),
        "layer3_1_relu2": (None, 4, 5, 256),
        "layer4_1_relu2": (None, 2, 3, 512),
        "fc": (None, 6),
    }
    assert {name: tuple(resnet.get_layer(name).output.shape) for name in expected} == expected


def test_strided_convolution_looks_where_that_of_pytorch_looks():
    resnet = build_resnet18(6)
    kernel = np.zeros((7, 7, 1, 64), np.float32)
    kernel[3, 3] = 1  # the middle of a kernel of 7 with padding 3 and stride 2 falls on samples 0, 2, 4, …
    resnet.get_layer("conv1").set_weights([kernel])
    image = np.random.default_rng(0).standard_normal((1, 64, 79, 1), dtype=np.float32)
    given = keras.Model(resnet.input, resnet.get_layer("conv1").output).predict(image, verbose=0)
    np.testing.assert_allclose(given[0, :, :, 0], image[0, ::2, ::2, 0], rtol=1e-6)


def test_weights_start_as_torchvision_draws_them():
    keras.utils.set_random_seed(0)
    resnet = build_resnet18(6)
    kernel = resnet.get_layer("layer3_0_conv1").get_weights()[0]
    assert kernel.std() == pytest.approx(np.sqrt(2 / (9 * 256)), rel=0.02)  # He over fan out; 294 912 draws
    own = resnet.get_layer("conv1").get_weights()[0]
    assert 0.9 / 7 < np.abs(own).max() <= 1 / 7  # replaced: torch.nn.Conv2d's own default, 1 / sqrt(49)


def test_archive_fills_all_but_the_first_and_the_last_layer(archive):
    resnet = build_resnet18(6, filled=True)
    own = [resnet.get_layer(name).get_weights() for name in ("conv1", "fc")]
    fill(resnet, archive)
    with np.load(archive) as arrays:
        kernel = resnet.get_layer("layer2_0_conv1").get_weights()[0]
        assert kernel[1, 2, 3, 4] == arrays["layer2.0.conv1.weight"][4, 3, 1, 2]  # height, width, in, out
        gamma, beta, mean, variance = resnet.get_layer("layer2_0_downsample_1").get_weights()
        np.testing.assert_array_equal(gamma, arrays["layer2.0.downsample.1.weight"])
        np.testing.assert_array_equal(beta, arrays["layer2.0.downsample.1.bias"])
        np.testing.assert_array_equal(mean, arrays["layer2.0.downsample.1.running_mean"])
        np.testing.assert_array_equal(variance, arrays["layer2.0.downsample.1.running_var"])
    assert all(np.isfinite(weight).all() for weight in resnet.get_weights())
    for before, name in zip(own, ("conv1", "fc"), strict=True):
        for old, new in zip(before, resnet.get_layer(name).get_weights(), strict=True):
            np.testing.assert_array_equal(new, old)


def test_layer_that_was_not_filled_shows():
    resnet = build_resnet18(6, filled=True)
    assert np.isnan(resnet.get_layer("layer1_0_conv1").get_weights()[0]).all()


def test_choice_of_imagenet_fills_from_the_named_archive(archive, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(archive))
    choices = resolved(RESNET.choices, {"initial": "imagenet"})
    resnet = RESNET.variants[0].build(6, choices)
    RESNET.variants[0].start(resnet, choices)
    assert all(np.isfinite(weight).all() for weight in resnet.get_weights())


def test_archive_that_is_not_named_or_not_there_is_asked_for(monkeypatch, tmp_path):
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(PaperError, match=f"{VARIABLE} is not set; set {VARIABLE} to an .npz"):
        imagenet_file()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none.npz"))
    with pytest.raises(PaperError, match=r"none\.npz is not there"):
        imagenet_file()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"layer4.1.conv2.weight": None}, r"layer4\.1\.conv2\.weight is missing"),
        ({"layer1.0.conv1.weight": np.ones((64, 64, 3, 1), np.float32)}, r"has shape \(3, 1, 64, 64\)"),
        ({"bn1.bias": np.array([{}], dtype=object)}, r"no \.npz of plain arrays"),
    ],
)
def test_archive_of_something_else_is_refused(archive, tmp_path, change, says):
    with np.load(archive) as stored:
        arrays = {**stored, **change}
    np.savez(tmp_path / "other.npz", **{name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(PaperError, match=says):
        fill(build_resnet18(6, filled=True), tmp_path / "other.npz")


def test_file_that_is_no_archive_is_refused(tmp_path):
    (tmp_path / "weights.npz").write_bytes(b"no archive")
    with pytest.raises(PaperError, match=r"no \.npz of plain arrays"):
        fill(build_resnet18(6), tmp_path / "weights.npz")
