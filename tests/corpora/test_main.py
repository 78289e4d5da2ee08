"""`python -m ser_keras.corpora`, as a user calls it."""

import subprocess
import sys
from pathlib import Path

import pytest

from ser_keras import cli
from ser_keras.corpora import build_manifests
from ser_keras.corpora.__main__ import corpora
from ser_keras.corpora.manifest import manifest


def run(capsys, *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        cli.run(corpora, [str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return left.value.code, out, err


def put(path: Path, content: bytes = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_list_shows_all_five_and_where_they_lie(capsys, tmp_path):
    put(tmp_path / "EmoDB/03a01Fa.wav")
    put(tmp_path / "savee/DC_a01.wav")
    put(tmp_path / "savee/SYNTHETIC.json", b'{"seed": 0}')
    code, out, _ = run(capsys, "list", "--data", tmp_path)
    lines = {line.split()[0]: " ".join(line.split()) for line in out.splitlines()[1:6]}
    assert code == 0
    assert list(lines) == ["ravdess", "emodb", "tess", "savee", "cremad"]
    assert lines["ravdess"] == "ravdess RAVDESS, speech 0 of 1440 missing CC BY-NC-SA 4.0 -"
    assert lines["emodb"] == f"emodb EMO-DB 1 of 535 partial, 1 altered CC0 1.0 {tmp_path / 'EmoDB'}"
    assert "1 of 480 synthetic" in lines["savee"]


def test_list_says_complete_of_a_whole_corpus(capsys, tmp_path):
    for entry in manifest("emodb").entries:
        path = put(tmp_path / "emodb" / entry.file)
        with path.open("r+b") as file:
            file.truncate(entry.bytes)
    _, out, _ = run(capsys, "list", "--data", tmp_path)
    assert "535 of 535  complete  " in out


def test_list_loads_no_heavy_library():
    heavy = {"tensorflow", "keras", "librosa", "sklearn", "scipy", "pandas", "numpy", "pooch", "requests"}
    code = "import sys, runpy; sys.argv = ['corpora', 'list']; sys.modules.pop('ser_keras.corpora.__main__', None)\n"
    code += "try: runpy.run_module('ser_keras.corpora', run_name='__main__')\nexcept SystemExit: pass\n"
    code += f"print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_data_folder_that_is_not_there_is_an_error_in_one_line(capsys, tmp_path):
    code, out, err = run(capsys, "list", "--data", tmp_path / "nowhere")
    assert (code, out) == (3, "")
    assert (
        err
        == f"error: {tmp_path / 'nowhere'} (--data) is no folder: expected one that holds a folder for each corpus\n"
    )


def test_an_unknown_corpus_is_wrong_usage(capsys):
    code, _, err = run(capsys, "verify", "iemocap")
    assert code == 2
    assert "'iemocap' is not one of 'ravdess', 'emodb', 'tess', 'savee', 'cremad'" in err


def test_verify_lists_ten_of_each_kind_and_all_if_asked(capsys, tmp_path):
    put(tmp_path / "emodb/wav/03a01Fa.wav", b"altered")
    for number in range(12):
        put(tmp_path / f"emodb/{number:02d}.wav")
    code, out, err = run(capsys, "verify", "emodb", "--data", tmp_path)
    assert code == 3
    assert out.startswith(f"EMO-DB in {tmp_path / 'emodb'}: 0 of 535 clips are there and exact\nmissing 534:\n")
    assert "altered 1:\n  wav/03a01Fa.wav\nforeign 12:\n  00.wav\n" in out
    assert "  09.wav\n  … and 2 more (--all lists them)\n" in out
    last = err.splitlines()[-1]
    assert last.startswith(f"error: EMO-DB in {tmp_path / 'emodb'} is not whole and exact (534 missing, 1 altered,")
    assert f"`python -m ser_keras.corpora fetch emodb --data {tmp_path}`; move foreign files out" in last
    _, out, _ = run(capsys, "verify", "emodb", "--data", tmp_path, "--all")
    assert "  11.wav\n" in out


def test_verify_says_of_a_synthetic_corpus_that_it_is_synthetic(capsys, tmp_path):
    put(tmp_path / "emodb/wav/03a01Fa.wav")
    put(tmp_path / "emodb/SYNTHETIC.json", b'{"generator": "KlattGrid", "seed": 7, "clips_per_class": 20}')
    code, _, err = run(capsys, "verify", "emodb", "--data", tmp_path)
    assert code == 3
    assert "is synthetic (generator KlattGrid, seed 7, clips_per_class 20)" in err


@pytest.mark.real_data
def test_verify_of_the_real_emodb_exits_0(capsys, real_corpora):
    code, out, _ = run(capsys, "verify", "emodb", "--data", real_corpora)
    assert code == 0
    assert out == f"EMO-DB in {real_corpora / 'emodb'}: 535 of 535 clips are there and exact\n"


def test_fetch_from_a_mirror_puts_what_it_has_in_place(capsys, server, tmp_path):
    code, _, err = run(capsys, "fetch", "emodb", "--data", tmp_path, "--from", f"{server.address}/emodb.zip")
    assert code == 3
    assert err.splitlines()[-1].startswith(f"error: {server.address}/emodb.zip answered 404")
    assert server.asked == [("/emodb.zip", None)]


@pytest.mark.real_data
def test_fetch_completes_emodb_from_single_clips(capsys, server, real_corpora, tmp_path):
    for entry in manifest("emodb").entries[:3]:
        server.files[f"/{entry.file}"] = (real_corpora / "emodb" / entry.file).read_bytes()
    for entry in manifest("emodb").entries[3:]:
        put(tmp_path / "emodb" / entry.file).unlink()
        (tmp_path / "emodb" / entry.file).symlink_to(real_corpora / "emodb" / entry.file)
    code, out, _ = run(capsys, "fetch", "emodb", "--data", tmp_path, "--from", f"{server.address}/{{file}}")
    assert code == 0
    assert out.startswith(f"EMO-DB in {tmp_path / 'emodb'}: 535 of 535 clips\nlicence: CC0 1.0\nplease cite: Burkhardt")
    assert len(server.asked) == 3


def test_synthesize_passes_its_options_on(capsys, monkeypatch, tmp_path):
    calls = []

    def synthesize(name, out, **options):
        calls.append((name, out, options))
        return out / name

    module = type(sys)("ser_keras.corpora.synthetic")
    module.synthesize = synthesize
    monkeypatch.setitem(sys.modules, "ser_keras.corpora.synthetic", module)
    code, out, _ = run(capsys, "synthesize", "emodb", "--out", tmp_path, "--clips-per-class", "3", "--seed", "5")
    assert (code, out) == (0, f"{tmp_path / 'emodb'}\n")
    assert calls == [("emodb", tmp_path, {"clips_per_class": 3, "seed": 5, "jobs": 1})]


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["ravdess", "emodb", "tess", "savee", "cremad"])
def test_manifests_can_be_built_anew(name, real_corpora):
    text = build_manifests.manifest_csv(name, real_corpora / "checksums" / f"{name}.csv")
    built = Path(build_manifests.__file__).parents[2] / "data_manifests" / f"{name}.csv"
    assert text == built.read_text(encoding="utf-8")


def test_a_checksum_of_a_file_that_no_loader_knows_stops_the_building(tmp_path):
    table = put(tmp_path / "emodb.csv", b"file,bytes,sha256\nwav/03a01Fa.wav,1,00\nwav/99z99Xa.wav,1,00\n")
    with pytest.raises(build_manifests.CorpusError, match=r"wav/99z99Xa\.wav is no name of this corpus"):
        build_manifests.manifest_csv("emodb", table)
