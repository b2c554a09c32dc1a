"""The examples run, and show what they say they show."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_own_texts(tmp_path):
    script = ROOT / "examples" / "own_texts.py"
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "def run(text):" in done.stdout
    assert "input   Where is my toaster ?" in done.stdout
    assert "output  delivery" in done.stdout
    (folds,) = re.findall(r"Accuracy by fold: \[(.*)\]", done.stdout)
    assert min(map(float, folds.split(", "))) > 0.85  # one label in thirty is wrong
    assert "Best of two sizes: {'kinds': 12" in done.stdout
    (tags,) = re.findall(r"A shop not seen before: \[(.*)\]", done.stdout)
    assert tags.split(", ")[4] == "'B-ITEM'"
    assert not list(tmp_path.iterdir())
