"""eGeMAPS functionals: openSMILE called directly, stored like any feature, and one clear line without openSMILE."""

import dataclasses
import importlib.util
import json
import subprocess
import sys
import types

import numpy as np
import pytest
import soundfile

from ser_keras.errors import AudioError, DependencyError, SerError
from ser_keras.features import functionals
from ser_keras.features.pipeline import Pipeline
from ser_keras.features.store import Recording, extract


def voiced(seconds=1.0, hertz=200.0):
    """A pulse train through no filter: voiced at a known pitch."""
    time = np.arange(int(seconds * 16_000)) / 16_000
    return (0.1 * sum(np.sin(2 * np.pi * hertz * part * time) for part in range(1, 20))).astype(np.float32)


def test_functionals_are_the_88_of_opensmile(tmp_path):
    code = (  # in a process of its own: others may have loaded TensorFlow here
        "import opensmile, numpy as np, sys; "
        "smile = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.Functionals); "
        "print(smile.process_signal(np.load(sys.argv[1]), 16_000).to_numpy().ravel().tolist())"
    )
    np.save(tmp_path / "wave.npy", voiced())
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "wave.npy"], capture_output=True, text=True)
    found = functionals.egemaps(voiced(), 16_000)
    assert found.shape == (functionals.N_EGEMAPS,) == (88,)
    assert found.tolist() == json.loads(done.stdout)


def test_pitch_is_in_semitones_above_27_5_hertz():
    # 12 · log2(200 / 27.5) = 34.35, Eyben et al. (2016), section 3.1; a tracker errs by less than a semitone
    assert functionals.egemaps(voiced(), 16_000)[0] == pytest.approx(12 * np.log2(200 / 27.5), abs=0.5)


def test_wave_without_a_frame_is_refused():
    with pytest.raises(AudioError, match=r"no functionals for 0\.010 s"):
        functionals.egemaps(voiced(0.01), 16_000)


def test_process_that_has_loaded_tensorflow_gets_the_same_values():
    code = (
        "import sys, numpy as np, tensorflow; from ser_keras.features import functionals; "
        "time = np.arange(16_000) / 16_000; wave = (0.1 * np.sin(400 * np.pi * time)).astype(np.float32); "
        "found = [functionals.egemaps(wave, 16_000) for _ in range(20)]; "
        "assert 'opensmile' not in sys.modules; print(found[-1].tolist())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr  # in one process glibc ends it: malloc(): invalid size
    wave = (0.1 * np.sin(400 * np.pi * np.arange(16_000) / 16_000)).astype(np.float32)
    assert json.loads(done.stdout) == functionals.egemaps(wave, 16_000).tolist()


def test_worker_of_dask_that_has_loaded_tensorflow_gets_the_same_values():
    distributed = pytest.importorskip("distributed")
    wave = voiced()

    def beside_tensorflow():
        sys.modules["tensorflow"] = types.ModuleType("tensorflow")  # its name is all that counts, and takes no seconds
        return functionals.egemaps(wave, 16_000).tolist()

    options = {"n_workers": 1, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options) as workers, distributed.Client(workers, set_as_default=False) as client:
        found = client.submit(beside_tensorflow).result(timeout=60)  # a daemon, as `dask worker` starts it
    assert found == functionals.egemaps(wave, 16_000).tolist()


def test_lost_process_of_opensmile_is_one_line_and_the_next_call_has_another(monkeypatch):
    here = functionals.egemaps(voiced(), 16_000).tolist()
    monkeypatch.setitem(sys.modules, "tensorflow", types.ModuleType("tensorflow"))
    assert functionals.egemaps(voiced(), 16_000).tolist() == here
    functionals._other_process().kill()
    functionals._other_process().wait()
    with pytest.raises(SerError, match="the process of openSMILE ended with -9 and told nothing"):
        functionals.egemaps(voiced(), 16_000)
    assert functionals.egemaps(voiced(), 16_000).tolist() == here


def test_pipeline_is_stored_and_a_short_clip_is_an_error_of_its_own(tmp_path):
    for name, seconds in (("long", 1.0), ("short", 0.01)):
        soundfile.write(tmp_path / f"{name}.wav", voiced(seconds), 16_000)
    recordings = [Recording(name, str(tmp_path / f"{name}.wav")) for name in ("long", "short")]
    found = extract(functionals.egemaps_pipeline(), recordings, tmp_path / "store")
    assert found.shape == (88,)
    assert list(found.errors) == [1]
    assert "short.wav: openSMILE gives no functionals" in found.errors[1]


def test_release_of_opensmile_is_in_the_fingerprint_and_moves_no_other(monkeypatch):
    own = functionals.egemaps_pipeline()
    without = dataclasses.replace(own, libraries=())
    assert own.fingerprint != without.fingerprint
    plain = Pipeline("p", 8000, ()).fingerprint
    asked = []
    monkeypatch.setattr("ser_keras.features.pipeline.version", lambda name: asked.append(name) or "1")
    assert Pipeline("p", 8000, ()).fingerprint != plain  # other releases
    assert "opensmile" not in asked
    functionals.egemaps_pipeline().fingerprint  # noqa: B018 (computed once, by asking)
    assert "opensmile" in asked


def test_missing_opensmile_is_one_line_with_the_remedy(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "opensmile" else find(name))
    with pytest.raises(DependencyError, match=r'opensmile is not installed: pip install "ser_keras\[baseline\]"'):
        functionals.egemaps_pipeline()
