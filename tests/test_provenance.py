"""Where a result comes from, on systems that tell less of themselves."""

import os

from ser_keras import provenance


def test_cores_are_the_machines_where_the_system_does_not_tell_those_of_a_process(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert provenance._hardware()["cores"] == os.cpu_count()
