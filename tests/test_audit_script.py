"""`.ci/audit` fails where a service tells of vulnerabilities; where none answers it says that nothing was audited."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci" / "audit"
STUB = """#!/bin/sh
case "$*" in
  *"--vulnerability-service osv"*--requirement*) echo '{"dependencies": [{"name": "jinja2", "vulns": []}]}' ;;
  *--requirement*) echo '{"dependencies": [{"name": "jinja2", "vulns": [%s]}]}'; exit %d ;;
  *) echo "the whole environment"; exit %d ;;
esac
"""


@pytest.mark.parametrize(
    ("told", "ours", "code", "says"),
    [
        ("", 0, 0, "NOT audited"),  # a service that does not know Jinja2 2.4.1
        ('{"id": "PYSEC-2014-8"}', 0, 0, "the whole environment"),
        ('{"id": "PYSEC-2014-8"}', 1, 1, "the whole environment"),
    ],
)
def test_environment_is_audited_where_a_service_knows_what_is_known(tmp_path, told, ours, code, says):
    python = tmp_path / "python"
    python.write_text(STUB % (told, 1 if told else 0, ours))
    python.chmod(0o755)
    done = subprocess.run([SCRIPT, python], capture_output=True, text=True, env={**os.environ, "TMPDIR": str(tmp_path)})
    assert (done.returncode, says in done.stdout) == (code, True)


def test_without_pip_audit_nothing_counts_as_audited(tmp_path):
    done = subprocess.run([SCRIPT, "false"], capture_output=True, text=True)
    assert "NOT audited" in done.stdout
