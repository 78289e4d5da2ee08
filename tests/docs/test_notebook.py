"""The notebook of the site, run as its reader would."""

import nbformat
import pytest
from nbclient import NotebookClient

from docs.pages import ROOT

NOTEBOOK = ROOT / "docs" / "first-look.ipynb"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What the cells of code printed or gave, one text a cell."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": tmp_path_factory.mktemp("here")}})
    client.execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return ["".join(one.get("text", "") or one.get("data", {}).get("text/plain", "") for one in cell.outputs
                    if one.get("name") != "stderr") for cell in cells]  # fmt: skip


@pytest.mark.slow
def test_notebook_runs_and_comes_to_known_figures(results):
    counts, findings, wilson, random, grouped, heard = results
    assert "'angry': 127" in counts  # Burkhardt et al. (2005)
    assert "macro F1" in findings  # Table 2 of Yadav et al. (2022): see the room's known slips
    assert wilson == "83.18%: 75.0% to 89.1%\n"  # scipy.stats.binomtest(89, 107).proportion_ci(method="wilson")
    assert "'speaker': 107" in random
    assert "'speaker': 0" in grouped
    assert {line.split()[0] for line in heard.splitlines()[:6]} == {
        "angry",
        "disgust",
        "fear",
        "happy",
        "neutral",
        "sad",
    }


def test_notebook_is_kept_without_outputs():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
