"""What can't be loaded as a network is refused in one line, and a fault of ours is none of the file's."""

import pytest

from ser_keras.errors import RunError
from ser_keras.prediction import networks

onnxruntime = pytest.importorskip("onnxruntime")


@pytest.mark.parametrize("content", [b"", b"text", b"\x08\x07\x12\x00", None])
def test_file_that_is_no_onnx_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "model.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RunError, match=r"model\.onnx can't be loaded \(.*\): export the run again") as refused:
        networks.of_onnx(path, 2)
    assert "\n" not in str(refused.value)


def test_fault_of_a_program_is_not_taken_for_one_of_the_file(tmp_path, monkeypatch):
    (tmp_path / "model.onnx").write_bytes(b"text")
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *given, **named: {}["x"])
    with pytest.raises(KeyError, match="x"):
        networks.of_onnx(tmp_path / "model.onnx", 2)
