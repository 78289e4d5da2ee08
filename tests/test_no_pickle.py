"""Nothing here unpickles, evaluates text or leaves Keras's safe mode: a file can only be data."""

import ast
from pathlib import Path

import numpy as np
import pytest

from papers.kanoun2024.resnet import fill
from ser_keras import checkpoints
from ser_keras.errors import PaperError
from ser_keras.features.pipeline import Pipeline
from ser_keras.features.store import Recording, extract

ROOT = Path(__file__).parents[1]
MODULES = {"_pickle", "cloudpickle", "dill", "marshal", "pickle", "shelve", "torch", "yaml"}
CALLS = {
    "compile": "runs text as code", "eval": "runs text as code", "exec": "runs text as code",
    "enable_unsafe_deserialization": "leaves Keras's safe mode", "extract": "writes where an archive says",
    "extractall": "writes where an archive says", "load_model": "loads a model unchecked",
    "load_weights": "loads weights unchecked", "read_pickle": "unpickles", "to_pickle": "pickles",
}  # fmt: skip
OWN = (
    "re.compile",
    "model.compile",
    "trained.compile",
    "extract",
    "training.extract",
    "load_model",
)  # bear such a name, and do none of it
ALONE = {  # after it has checked the file; of what it has just written itself
    "keras.saving.load_model": ("ser_keras/keras_files.py", "ser_keras/devices.py")
}


def faults(source, place=""):
    """What a module does that would let a file run code."""
    found = []
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        found += [f"imports {name}" for name in names if name.partition(".")[0] in MODULES]
        found += [f"imports {name}" for name in names if name in ("joblib.load", "joblib.dump")]
        if isinstance(node, ast.Call):
            found += _of_call(node, place)
    return found


def _of_call(node, place):
    called = ast.unparse(node.func)
    name, given = called.rpartition(".")[2], {one.arg: ast.unparse(one.value) for one in node.keywords}
    if called in ("joblib.load", "joblib.dump"):
        yield f"calls {called}, which pickles"
    if called in ("np.load", "numpy.load") and given.get("allow_pickle") != "False":
        yield "calls np.load without allow_pickle=False"
    if given.get("allow_pickle", "False") != "False":
        yield f"calls {called} with allow_pickle"
    if given.get("safe_mode", "True") != "True" or given.get("verify", "True") != "True" or "shell" in given:
        yield f"calls {called} without what makes it safe"
    if called in ALONE:
        if place not in ALONE[called] or given.get("safe_mode") != "True":
            yield f"calls {called} outside {' and '.join(ALONE[called])}, or without safe_mode=True"
    elif name in CALLS and called not in OWN:
        yield f"calls {called}, which {CALLS[name]}"


def sources():
    for folder in ("ser_keras", "papers", "campaigns", "data_manifests"):
        yield from sorted((ROOT / folder).rglob("*.py"))
        yield from sorted((ROOT / folder).rglob("*.py.jinja"))


def test_no_module_can_be_made_to_run_what_a_file_holds():
    checked = [path for path in sources() if path.suffix == ".py"]
    assert len(checked) > 100
    told = {str(path.relative_to(ROOT)): faults(path.read_text(), str(path.relative_to(ROOT))) for path in checked}
    # what a cluster's worker and a child process that it starts tell each other, in a folder of their own, as Dask does
    assert told.pop("ser_keras/cluster.py") == ["imports pickle", "imports cloudpickle"]
    assert {place: found for place, found in told.items() if found} == {}


def test_templates_of_new_packages_neither_pickle_nor_load_models():
    templates = [path.read_text() for path in sources() if path.suffix == ".jinja"]
    assert templates
    for text in templates:
        assert not any(word in text for word in ("pickle", "load_model", "np.load", "eval(", "exec("))


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "def f():\n    from torch import load",
        "from joblib import load",
        "joblib.load('a')",
        "np.load('a')",
        "np.load('a', allow_pickle=True)",
        "np.save('a', x, allow_pickle=True)",
        "pd.read_pickle('a')",
        "keras.saving.load_model('a', safe_mode=True)",
        "keras.models.load_model('a')",
        "keras.saving.deserialize_keras_object(x, safe_mode=False)",
        "keras.config.enable_unsafe_deserialization()",
        "model.load_weights('a')",
        "eval('1')",
        "tarfile.open('a').extractall()",
        "requests.get('a', verify=False)",
        "subprocess.run('a', shell=True)",
    ],
)
def test_scan_sees(source):
    assert faults(source)


def objects(path):
    np.save(path, np.array([{"an": "object"}], dtype=object), allow_pickle=True)
    return path


def test_stored_features_with_objects_inside_are_not_taken(tmp_path):
    import soundfile

    soundfile.write(tmp_path / "a.wav", np.full(800, 0.5), 8000)
    pipeline, recordings = Pipeline("wave", 8000, ()), [Recording("a", str(tmp_path / "a.wav"))]
    assert extract(pipeline, recordings, tmp_path / "store").shape == (800,)
    (part,) = (tmp_path / "store").glob("*/part-*.npy")
    whole = part.read_bytes()
    objects(part)
    assert extract(pipeline, recordings, tmp_path / "store").shape == (800,)
    assert part.read_bytes() == whole  # extracted again


def test_imagenet_weights_with_objects_inside_are_refused_by_name(tmp_path):
    np.savez(tmp_path / "theirs.npz", conv1=np.array([{"an": "object"}], dtype=object))
    with pytest.raises(PaperError, match=r"theirs\.npz is no \.npz of plain arrays \(Object arrays cannot be loaded"):
        fill(None, tmp_path / "theirs.npz")


def test_state_of_a_training_with_objects_inside_is_not_taken(tmp_path):
    about = np.array([{"an": "object"}], dtype=object)
    np.savez(tmp_path / "fold-1.npz", about=about)
    assert checkpoints.read(tmp_path / "fold-1.npz", None) is None
