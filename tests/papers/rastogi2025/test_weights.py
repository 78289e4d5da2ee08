"""The author's weights: files of the published form, made here, and files that are not."""

import json

import h5py
import numpy as np
import pytest

from papers.rastogi2025.model import build_mlp
from papers.rastogi2025.weights import MODEL, SCALER, SCALER_CSV, load_published
from ser_keras.errors import WeightsError

RNG = np.random.default_rng(0)
MEAN, SCALE = RNG.normal(100, 50, 30), RNG.uniform(0.5, 20, 30)


@pytest.fixture
def theirs():
    """A network with other weights than a fresh one, and a scaler of its own."""
    model = build_mlp(6)
    # kernels of both signs, or the softmax would be saturated whatever goes in; variances (1-D) have to be positive
    model.set_weights(
        [
            RNG.normal(0, 0.1, weight.shape) if weight.ndim == 2 else RNG.uniform(0.1, 0.5, weight.shape)
            for weight in model.get_weights()
        ]
    )
    scaler = model.get_layer("scaler")
    scaler.set_weights([MEAN, SCALE**2, np.asarray(0)])
    scaler.finalize_state()
    return model


@pytest.fixture
def folder(theirs, tmp_path):
    write_h5(tmp_path / MODEL, theirs)
    (tmp_path / SCALER).write_text(json.dumps({"mean": MEAN.tolist(), "scale": SCALE.tolist()}))
    return tmp_path


def write_h5(path, model, whole=True):
    """As Keras writes .h5: layers without weights are listed as well, and the model's config is an attribute."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = '{"class_name": "os.system"}'
        root = file.create_group("model_weights") if whole else file
        layers = [layer for layer in model.layers if layer.name != "scaler"]
        root.attrs["layer_names"] = [layer.name.encode() for layer in layers]
        for layer in layers:
            group = root.create_group(layer.name)
            names = [f"sequential/{layer.name}/{weight.name}" for weight in layer.weights]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, array in zip(names, layer.get_weights(), strict=True):
                group[name] = array


def test_published_files_give_the_published_networks_predictions(folder, theirs):
    ours = build_mlp(6)
    load_published(ours, folder)
    clips = RNG.normal(100, 50, (5, 30)).astype(np.float32)
    expected = theirs.predict(clips, verbose=0)
    assert expected.std(axis=0).max() > 0.01 and expected.max() < 0.99  # they depend on the clip
    np.testing.assert_allclose(ours.predict(clips, verbose=0), expected, atol=1e-6)


def test_weights_alone_are_read_as_well(folder, theirs):
    write_h5(folder / MODEL, theirs, whole=False)
    ours = build_mlp(6)
    load_published(ours, folder)
    np.testing.assert_array_equal(
        ours.get_layer("dense_3").get_weights()[0], theirs.get_layer("dense_3").get_weights()[0]
    )


def test_file_that_keras_itself_writes_is_read(folder, theirs):
    import keras

    layers = theirs.layers[2:]
    inputs = x = keras.Input((30,))
    for layer in layers:
        x = layer(x)
    keras.Model(inputs, x).save(folder / MODEL)
    ours = build_mlp(6)
    load_published(ours, folder)
    np.testing.assert_array_equal(ours.get_layer("dense").get_weights()[0], theirs.get_layer("dense").get_weights()[0])


def change(path, edit):
    with h5py.File(path, "r+") as file:
        edit(file["model_weights"])


def replaced(name, array):
    def edit(root):
        del root[name]
        root[name] = array

    return edit


def soft_link(root):
    del root["dense/sequential/dense/bias"]
    root["dense/sequential/dense/bias"] = h5py.SoftLink("/model_weights/dense_1/sequential/dense_1/bias")


def external_link(root):
    del root["dense_1"]
    root["dense_1"] = h5py.ExternalLink("/etc/passwd", "/")


def no_names(root):
    del root.attrs["layer_names"]


def outside(root):
    root["dense"].attrs["weight_names"] = [b"../dense_1/sequential/dense_1/kernel"]


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (
            replaced("dense/sequential/dense/kernel", np.zeros((43, 256), np.float32)),
            r"has the shapes \[\(43, 256\)",
        ),
        (replaced("dense/sequential/dense/bias", np.full(256, np.nan, np.float32)), "holds NaN or infinity"),
        (replaced("dense/sequential/dense/bias", np.array([b"text"] * 256)), "no plain array of numbers"),
        (soft_link, "a SoftLink, which is not followed"),
        (external_link, "a ExternalLink, which is not followed"),
        (no_names, "has no layer_names"),
        (outside, "is missing"),
        (lambda root: root.__delitem__("dense_2"), "dense_2 is missing"),
        (lambda root: root.attrs.__setitem__("layer_names", [b"dense"]), "has 1 layers with weights, the model has 6"),
    ],
)
def test_file_of_another_form_is_refused_and_nothing_is_set(folder, edit, says):
    change(folder / MODEL, edit)
    ours = build_mlp(6)
    before = [weight.copy() for weight in ours.get_weights()]
    with pytest.raises(WeightsError, match=says):
        load_published(ours, folder)
    for old, new in zip(before, ours.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_external_dataset_is_not_read(folder):
    def edit(root):
        del root["dense/sequential/dense/bias"]
        (folder / "outside.bin").write_bytes(bytes(1024))
        root["dense/sequential/dense"].create_dataset(
            "bias", (256,), "float32", external=[(str(folder / "outside.bin"), 0, 1024)]
        )

    change(folder / MODEL, edit)
    with pytest.raises(WeightsError, match="no plain array of numbers"):
        load_published(build_mlp(6), folder)


def test_cut_off_file_and_no_hdf5_are_refused(folder):
    whole = (folder / MODEL).read_bytes()
    for content in (whole[: len(whole) // 2], b"no HDF5", b""):
        (folder / MODEL).write_bytes(content)
        with pytest.raises(WeightsError, match="can't be read as Keras HDF5"):
            load_published(build_mlp(6), folder)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"mean": [1, 2], "scale": [1, 2]}', "expected 30 finite numbers"),
        ("{}", "can't be read"),
        ("no json", "can't be read"),
        (json.dumps({"mean": [0.0] * 30, "scale": [0.0] * 30}), "not positive"),
        (json.dumps({"mean": [float("nan")] * 30, "scale": [1.0] * 30}), "expected 30 finite numbers"),
    ],
)
def test_scaler_of_another_form_is_refused(folder, text, says):
    (folder / SCALER).write_text(text)
    with pytest.raises(WeightsError, match=says):
        load_published(build_mlp(6), folder)


@pytest.fixture
def csv_folder(folder):
    (folder / SCALER).unlink()
    np.savetxt(folder / SCALER_CSV, np.c_[MEAN, SCALE], delimiter=",", header="mean,scale", comments="")
    return folder


def test_scaler_is_read_from_csv_as_well(csv_folder):
    ours = build_mlp(6)
    load_published(ours, csv_folder)
    mean, variance, _ = ours.get_layer("scaler").get_weights()
    np.testing.assert_allclose(mean, MEAN, rtol=1e-6)  # float32
    np.testing.assert_allclose(variance, SCALE**2, rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "scaler.csv can't be read"),
        ("centre,scale\n1,2\n", "can't be read .'mean'."),
        ("mean,scale\n1\n", "expected 30 finite numbers"),
        ("mean,scale\n1,2\n", "expected 30 finite numbers"),
        ("mean,scale\n" + "0,nan\n" * 30, "expected 30 finite numbers"),
        ("mean,scale\n" + "0,-1\n" * 30, "not positive"),
    ],
)
def test_csv_of_another_form_is_refused(csv_folder, text, says):
    (csv_folder / SCALER_CSV).write_text(text)
    with pytest.raises(WeightsError, match=says):
        load_published(build_mlp(6), csv_folder)


@pytest.mark.parametrize("name", [MODEL, SCALER])
def test_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(WeightsError, match=f"{name} is not there"):
        load_published(build_mlp(6), folder)
