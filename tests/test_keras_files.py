"""Models from strangers: what only computes is loaded, and what would run code, read files or swell is refused."""

import io
import json
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from ser_keras.errors import RunError
from ser_keras.keras_files import CONFIG, METADATA, WEIGHTS, checked, load_model


def network(*layers):
    inputs = x = keras.Input((4,), name="features")
    for layer in layers:
        x = layer(x)
    return keras.Model(inputs, keras.layers.Dense(2, activation="softmax", name="emotion")(x))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The members of a network's file, by name."""
    path = tmp_path_factory.mktemp("whole") / "model.keras"
    model = network(keras.layers.BatchNormalization(), keras.layers.Dropout(0.5))
    model.compile("adam", "mse")
    model.save(path)
    with zipfile.ZipFile(path) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def packed(path, members, kind=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", kind) as out:
        for name, content in members.items():
            out.writestr(name, content)
    return path


def described(whole, edit):
    """The members with another description: `edit` is given its tree."""
    tree = json.loads(whole[CONFIG])
    edit(tree)
    return {**whole, CONFIG: json.dumps(tree).encode()}


def layer_named(tree, kind):
    return next(one for one in tree["config"]["layers"] if one["class_name"] == kind)


def test_network_of_kerass_own_layers_is_loaded_and_predicts_what_it_did(tmp_path):
    model = network(keras.layers.BatchNormalization(), keras.layers.Dense(3, activation=keras.activations.gelu))
    model.compile("adam", "mse", metrics=["accuracy"])
    model.save(tmp_path / "model.keras")
    given = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    np.testing.assert_array_equal(load_model(tmp_path / "model.keras")(given), model(given))


@pytest.mark.parametrize("precision", ["bfloat16", "mixed_bfloat16", "float16", "float64"])
def test_network_of_another_precision_is_loaded(tmp_path, precision):
    model = network(keras.layers.Dense(3, dtype=precision))
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    assert [weight.dtype for weight in loaded.weights] == [weight.dtype for weight in model.weights]


def test_layer_that_an_imported_package_registered_is_loaded(tmp_path):
    @keras.saving.register_keras_serializable("theirs")
    class Doubled(keras.layers.Layer):
        def call(self, inputs):
            return 2 * inputs

    path = tmp_path / "model.keras"
    network(Doubled()).save(path)
    try:
        assert type(load_model(path).layers[1]) is Doubled
    finally:
        keras.saving.get_custom_objects().pop("theirs>Doubled")
    with pytest.raises(RunError, match="is refused: it asks for 'Doubled' of"):
        load_model(path)


def test_lambda_layer_is_refused(tmp_path):
    network(keras.layers.Lambda(lambda x: 2 * x)).save(tmp_path / "model.keras")
    with pytest.raises(RunError, match=r"model\.keras is refused: it asks for 'Lambda' of 'keras\.layers'"):
        load_model(tmp_path / "model.keras")


CALLS = [
    ("os", "system", None),
    ("builtins", "eval", None),
    ("subprocess", "Popen", "subprocess>Popen"),
    ("keras.utils", "get_file", None),
    ("keras.models", "load_model", None),
    ("keras.config", "enable_unsafe_deserialization", None),
    ("keras.src.layers.core.lambda_layer", "Lambda", None),
    ("keras.layers", "TFSMLayer", None),
    ("keras.layers", "StringLookup", None),
    ("keras.layers", "TorchModuleWrapper", None),
    (None, "Dense", None),
    ([], {}, 1),
]


@pytest.mark.parametrize(("module", "name", "registered"), CALLS)
def test_layer_or_value_of_another_module_is_refused(whole, tmp_path, module, name, registered):
    touched = tmp_path / "touched"

    def layer(tree):
        config = {"command": f"touch {touched}", "name": "dropout"}
        told = {"module": module, "class_name": name, "registered_name": registered, "config": config}
        layer_named(tree, "Dropout").update(told)

    def value(tree):
        call = {"module": module, "class_name": name, "config": f"touch {touched}", "registered_name": registered}
        layer_named(tree, "Dense")["config"]["kernel_initializer"] = call

    def model(tree):
        tree.update(module=module, class_name=name, registered_name=registered)

    for edit in (layer, value, model):
        path = packed(tmp_path / "model.keras", described(whole, edit))
        with pytest.raises(RunError, match=r"model\.keras( is refused: it asks for|: config\.json describes no model)"):
            load_model(path)
    assert not touched.exists()


@pytest.mark.parametrize("name", ["system", "eval", "__class__", None, ["relu"]])
def test_function_that_is_no_activation_is_refused(whole, tmp_path, name):
    def edit(tree):
        call = {"module": "builtins", "class_name": "function", "config": name, "registered_name": name}
        layer_named(tree, "Dense")["config"]["activation"] = call

    with pytest.raises(RunError, match="is refused: it asks for"):
        load_model(packed(tmp_path / "model.keras", described(whole, edit)))


@pytest.mark.parametrize(
    "extra", ["../evil.py", "/tmp/evil.py", "assets/vocabulary.txt", "C:\\evil.py", "model.weights.h5/", "config.JSON"]
)
def test_file_with_another_member_is_refused(whole, tmp_path, extra):
    with pytest.raises(RunError, match=r"holds .*; expected config\.json, metadata\.json and model\.weights\.h5"):
        load_model(packed(tmp_path / "model.keras", {**whole, extra: b"evil"}))
    assert [path.name for path in tmp_path.rglob("*")] == ["model.keras"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_member_that_is_there_twice_is_refused(whole, tmp_path):
    path = packed(tmp_path / "model.keras", whole)
    with zipfile.ZipFile(path, "a") as opened:
        opened.writestr(CONFIG, whole[CONFIG])
    with pytest.raises(RunError, match="expected config"):
        load_model(path)


def test_compressed_member_is_refused_however_large_it_grows(whole, tmp_path):
    bomb = {**whole, METADATA: bytes(50_000_000)}
    path = packed(tmp_path / "model.keras", bomb, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 200_000
    with pytest.raises(RunError, match=r"metadata\.json is compressed|config\.json is compressed"):
        load_model(path)


def test_endless_description_is_refused(whole, tmp_path):
    with pytest.raises(RunError, match=r"config\.json is longer than 16 MiB"):
        load_model(packed(tmp_path / "model.keras", {**whole, CONFIG: b" " * (2**24 + 1)}))
    with pytest.raises(RunError, match="can't be loaded"):
        load_model(packed(tmp_path / "model.keras", {**whole, CONFIG: b'{"a":' * 100_000}))


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (
            lambda tree: layer_named(tree, "Dense")["config"].update(units=10**12),
            r"is refused: its weights take \d{13,} bytes",
        ),
        (lambda tree: layer_named(tree, "Dense")["config"].update(units=-1), "can't be loaded"),
        (lambda tree: layer_named(tree, "Dense")["config"].update(units=3), "can't be loaded"),
        (lambda tree: tree["config"].update(layers=[]), "can't be loaded"),
    ],
)
def test_absurd_network_is_refused_before_it_takes_memory(whole, tmp_path, edit, says):
    with pytest.raises(RunError, match=says):
        load_model(packed(tmp_path / "model.keras", described(whole, edit)))


def test_refused_network_leaves_nothing_for_keras_to_make_later(whole, tmp_path):
    absurd = described(whole, lambda tree: layer_named(tree, "Dense")["config"].update(units=10**12))
    path = packed(tmp_path / "model.keras", absurd)
    with pytest.raises(RunError, match="is refused: its weights take"):
        load_model(path)
    with keras.StatelessScope():  # at its end Keras makes what waits
        pass


def test_layer_that_swells_its_input_is_refused(tmp_path):
    path = tmp_path / "model.keras"
    network(keras.layers.RepeatVector(2**28), keras.layers.GlobalAveragePooling1D()).save(path)
    with pytest.raises(RunError, match=r"is refused: repeat_vector.* gives .* for each clip"):
        load_model(path)


def masked(path):
    """A file of a network with a mask, whose operations stand in its description beside its layers."""
    inputs = keras.Input((None, 4))
    x = keras.layers.LSTM(2)(keras.layers.Masking()(inputs))
    keras.Model(inputs, x).save(path)
    with zipfile.ZipFile(path) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_network_with_a_mask_is_loaded_and_passes_over_what_it_did(tmp_path):
    path = tmp_path / "model.keras"
    masked(path)
    given = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    loaded = load_model(path)
    np.testing.assert_array_equal(loaded(given), keras.saving.load_model(path)(given))
    padded = np.pad(given, ((0, 0), (0, 2), (0, 0)))
    np.testing.assert_allclose(loaded(padded), loaded(given), atol=1e-6)  # float32 sums in another order


@pytest.mark.parametrize("name", ["Load", "Save", "Repeat", "Pad", "any", "backend", None, ["Any"]])
def test_operation_that_no_mask_needs_is_refused(tmp_path, name):
    def edit(tree):
        layer_named(tree, "Any").update(class_name=name, registered_name=name)

    path = tmp_path / "model.keras"
    with pytest.raises(RunError, match=r"is refused: it asks for|describes no model"):
        load_model(packed(path, described(masked(path), edit)))


def test_operation_that_swells_its_input_is_refused(tmp_path):
    path = tmp_path / "model.keras"
    long = keras.Input((2**15,))
    wide = keras.layers.Reshape((2**15, 1))(long)
    crossed = keras.ops.any(keras.ops.not_equal(wide, keras.layers.Reshape((1, 2**15))(long)), axis=-1)
    keras.Model(long, crossed).save(path)
    with pytest.raises(RunError, match=r"is refused: not_equal.* gives .* for each clip"):
        load_model(path)


def with_weights(whole, edit):
    stream = io.BytesIO(whole[WEIGHTS])
    with h5py.File(stream, "r+") as file:
        edit(file)
    return {**whole, WEIGHTS: stream.getvalue()}


def replaced(file, made):
    """A bias replaced by what `made` puts in its place."""
    group = file["layers/dense/vars"]
    del group["1"]
    made(group)


def external_data(group):
    group.create_dataset("1", (2,), "f4", external=[("/etc/passwd", 0, 8)])


def virtual(group):
    layout = h5py.VirtualLayout((2,), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (2,))
    group.create_virtual_dataset("1", layout)


def linked_again(group):
    group["1"] = group.file["layers"]


HOSTILE = {
    "link out of the file": (lambda group: group.__setitem__("1", h5py.ExternalLink("/etc/passwd", "/")), "is a link"),
    "soft link": (lambda group: group.__setitem__("1", h5py.SoftLink("/layers")), "is a link"),
    "data out of the file": (external_data, "is no plain array"),
    "data of another file": (virtual, "is no plain array"),
    "a circle": (linked_again, "is there twice"),
    "text": (lambda group: group.__setitem__("1", "evil"), "is no plain array"),
    "nothing": (lambda group: group.create_dataset("1", data=h5py.Empty("f4")), "is no plain array"),
    "a terabyte": (
        lambda group: group.create_dataset("1", (2**38,), "f4", chunks=(2**20,)),
        "has 1099511627776 bytes that are not in the file",
    ),
}


@pytest.mark.parametrize("way", HOSTILE)
def test_weights_that_are_no_plain_arrays_are_refused(whole, tmp_path, way):
    made, says = HOSTILE[way]
    path = packed(tmp_path / "model.keras", with_weights(whole, lambda file: replaced(file, made)))
    assert path.stat().st_size < 200_000
    with pytest.raises(RunError, match=rf"model\.keras: model\.weights\.h5: .*{says}"):
        load_model(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80\x04\x95evil.", b"text"])
def test_what_is_no_model_is_refused_in_one_line(tmp_path, content):
    (tmp_path / "model.keras").write_bytes(content)
    with pytest.raises(RunError, match=r"model\.keras can't be loaded") as refused:
        load_model(tmp_path / "model.keras")
    assert "\n" not in str(refused.value)


def test_missing_file_is_named():
    with pytest.raises(RunError, match=r"none\.keras is not there"):
        load_model(Path("none.keras"))


def test_what_is_checked_without_keras_says_what_keras_would_make(whole, tmp_path):
    kinds = [one["class_name"] for one in checked(packed(tmp_path / "model.keras", whole))]
    assert kinds[0] == "Functional"
    assert {"InputLayer", "BatchNormalization", "Dropout", "Dense"} <= set(kinds)
