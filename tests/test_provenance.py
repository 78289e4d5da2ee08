"""Where a result comes from, on systems that tell less of themselves."""

import os
import subprocess
import sys
from pathlib import Path

import ser_keras
from ser_keras import provenance

ROOT = str(Path(ser_keras.__file__).parents[1])
SLOW = "import time\ntime.sleep(1)\nclass backend:\n    backend = staticmethod(lambda: 'slow')\n"
ASK = """
import importlib, sys, threading, time
from ser_keras import provenance
threading.Thread(target=importlib.import_module, args=("keras",)).start()
while "keras" not in sys.modules:
    time.sleep(0.01)
print(provenance._backend())
"""


def test_cores_are_the_machines_where_the_system_does_not_tell_those_of_a_process(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert provenance._hardware()["cores"] == os.cpu_count()


def test_backend_is_told_while_another_thread_imports_keras(tmp_path):
    (tmp_path / "keras.py").write_text(SLOW)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), ROOT])}
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, env=environment)
    assert (done.stdout, done.stderr) == ("slow\n", "")
