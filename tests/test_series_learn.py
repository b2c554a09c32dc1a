"""Number sequences from the command line: learn, look, check; what is not exact is never called so."""

import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import pellucid
from pellucid import folder
from pellucid.data import Series
from pellucid.errors import PellucidError
from pellucid.first.cli import main
from pellucid.numeric import Bias
from pellucid.series.learned import LearnedSeries


def call(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(main, [str(a) for a in arguments])
    return done.exit_code, done.output


def write(path: Path, rule, count: int = 200, low: int = -9, high: int = 9, columns: int = 1, seed: int = 0) -> Path:
    rng = random.Random(seed)
    lines = []
    for _ in range(count):
        rows = [[rng.randint(low, high) for _ in range(columns)] for _ in range(rng.randint(4, 10))]
        x = rows if columns > 1 else [row[0] for row in rows]
        lines.append(json.dumps({"input": x, "output": rule(x)}))
    path.write_text("\n".join(lines) + "\n")
    return path


def running_total(x: list) -> list:
    return [100 * sum(x[: i + 1]) for i in range(len(x))]


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("series")
    data = write(place / "total.jsonl", running_total)
    code, text = call("learn", data, "--out", place / "out", "--budget", 60)
    assert code == 0, text
    assert "exact on all data" in text
    return place / "out"


def test_files_are_those_of_the_design(learned: Path) -> None:
    names = {"program.py", "program.json", "model.safetensors", "model.json", "report.json", "front.json"}
    assert names <= {path.name for path in learned.iterdir()}
    report = json.loads((learned / "report.json").read_text())
    keys = {"task", "model", "seed", "accuracy", "faithful", "size", "seconds", "versions", "exact", "found"}
    assert keys <= report.keys()
    assert {"token", "sequence", "mse", "max_error"} <= report["accuracy"]["test"].keys()
    assert report["faithful"]["mismatches"] == 0
    assert {"compile", "train", "extract", "simplify", "verify", "total"} <= report["seconds"].keys()


def test_the_program_stands_alone(learned: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(learned / "program.py"), "3", "1", "2"], capture_output=True, text=True
    )
    assert done.stdout.split() == ["300", "400", "600"]
    assert len(folder.read(learned, "program.py").split("def run")[1].split("\n\n\n")[0].splitlines()) <= 15


def test_run_verify_explain_circuit_errors(learned: Path, tmp_path: Path) -> None:
    assert call("run", learned, 3, 1, 2) == (0, "300 400 600\n")
    assert call("verify", learned)[0] == 0
    code, text = call("explain", learned, 3, 1, 2)
    assert code == 0
    assert "600" in text
    code, text = call("circuit", learned, "--label", "y")
    assert code == 0
    assert "def run" in text
    assert "held at" in call("circuit", learned)[1]
    wrong = write(
        tmp_path / "wrong.jsonl", lambda x: [0 if v == 5 else t for v, t in zip(x, running_total(x), strict=True)]
    )
    code, text = call("errors", learned, wrong)
    assert code == 0
    assert "with a wrong output" in text
    assert json.loads(call("eval", learned, wrong, "--json")[1])["token"] < 1
    right = write(tmp_path / "right.jsonl", running_total, seed=5)
    assert json.loads(call("eval", learned, right, "--json")[1])["sequence"] == 1
    assert json.loads(call("eval", learned / "program.py", right, "--json")[1])["sequence"] == 1


def test_a_function_of_ones_own_checks_it(learned: Path, tmp_path: Path) -> None:
    spec = tmp_path / "spec.py"
    spec.write_text(
        "def good(x):\n    return [100 * sum(x[: i + 1]) for i in range(len(x))]\n"
        "def bad(x):\n    return [100 * v for v in x]\n"
    )
    assert call("verify", learned, "--spec", f"{spec}:good")[0] == 0
    code, text = call("verify", learned, "--spec", f"{spec}:bad")
    assert code == 1
    assert "the smallest" in text


def test_an_altered_program_is_caught(learned: Path, tmp_path: Path) -> None:
    model = pellucid.load(learned)
    assert isinstance(model, LearnedSeries)
    model.save(tmp_path / "copy")
    path = tmp_path / "copy" / "program.py"
    path.write_text(path.read_text().replace("100 *", "101 *").replace("* 100", "* 101"))
    code, text = call("verify", tmp_path / "copy")
    assert code == 1
    assert "disagree" in text


def test_what_is_not_exact_says_so(tmp_path: Path) -> None:
    rng = random.Random(1)
    data = write(tmp_path / "noise.jsonl", lambda x: [v + rng.gauss(0, 0.5) for v in x])
    code, text = call("learn", data, "--out", tmp_path / "out", "--model", "search", "--budget", 20)
    assert code == 3
    assert "no exact program found" in text
    assert "Not exact" in (tmp_path / "out" / "program.py").read_text()
    assert json.loads((tmp_path / "out" / "report.json").read_text())["exact"] is False


def test_bias_decides_what_is_found() -> None:
    rng = np.random.default_rng(0)
    inputs = [rng.integers(0, 99, (9, 1)) for _ in range(300)]
    outputs = [np.maximum(x, np.vstack([[[0]], x[:-1]])) for x in inputs]
    data = Series.of(inputs, outputs)
    free = pellucid.learn(data, model="search", budget=40)
    routed = pellucid.learn(data, model="search", budget=40, bias=Bias(units=0))
    assert free.exact
    assert routed.exact
    assert "deque" in routed.source or "max(" in routed.source


BAD = {
    "nan.jsonl": ('{"input": [1.5, NaN], "output": [1, 2]}\n', "nan.jsonl:1"),
    "ragged.jsonl": ('{"input": [[1, 2], [1]], "output": [1, 2]}\n' * 12, "ragged.jsonl:1"),
    "text.csv": ("sequence,a,b\n1,2,3\n1,x,5\n", "text.csv:3"),
    "few.jsonl": ('{"input": [1.5, 2], "output": [1, 2]}\n' * 3, "few.jsonl"),
    "constant.jsonl": ("".join(f'{{"input": [{i}.5], "output": [2]}}\n' for i in range(20)), "the same number"),
    "big.jsonl": ('{"input": [1.5, 99999999999999999999], "output": [1, 2]}\n' * 12, "beyond 64 bits"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line(name: str, tmp_path: Path) -> None:
    text, expected = BAD[name]
    (tmp_path / name).write_text(text)
    code, said = call("learn", tmp_path / name, "--out", tmp_path / "out")
    assert code == 2
    assert expected in said
    assert len(said.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_options_for_numbers_need_numbers(tmp_path: Path) -> None:
    with pytest.raises(PellucidError, match="symbols"):
        pellucid.learn("sort", bias=Bias(units=0))
    assert call("learn", "mips/sum", "--model", "programs", "--out", tmp_path / "o")[0] == 2
    assert "known" in call("learn", "mips/sum", "--modes", "shfit", "--out", tmp_path / "o")[1]


def test_ctrl_c_keeps_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    from pellucid.search.numeric import learn as numeric_learn

    def interrupted(*_: object) -> list:
        raise KeyboardInterrupt

    monkeypatch.setattr(numeric_learn, "linear", interrupted)
    learned = pellucid.learn("mips/sum", budget=30)
    assert learned.report["found"]["learners"]["search"]["stopped"] == "interrupted"
    assert not learned.exact


def test_a_start_and_bounds_are_read_off(tmp_path: Path) -> None:
    rng = random.Random(2)
    lines = ["sequence,inflow,outflow,level"]
    for number in range(60):
        level = 40
        for _ in range(15):
            a, b = rng.randint(0, 40), rng.randint(0, 30)
            level = min(100, max(0, level + a - b))
            lines.append(f"{number},{a},{b},{level}")
    (tmp_path / "tank.csv").write_text("\n".join(lines) + "\n")
    learned = pellucid.learn(tmp_path / "tank.csv", model="search", budget=60)
    assert learned.exact
    assert learned.run([[0, 10], [90, 0], [0, 200]]) == [30, 100, 0]


def test_constants_of_an_approximation_are_short() -> None:
    rng = np.random.default_rng(0)
    inputs = [rng.uniform(-1, 1, (8, 1)) for _ in range(200)]
    outputs = [0.7351 * x + 0.01 * rng.standard_normal(x.shape) for x in inputs]
    learned = pellucid.learn(Series.of(inputs, outputs), model="search", budget=30)
    assert not learned.exact
    body = learned.source.split("def run")[1].split("\n\n\n")[0]
    assert "0.73" in body
    assert all(len(word) < 12 for word in body.replace("(", " ").replace(")", " ").split() if word[0].isdigit())


def test_history_is_drawn(tmp_path: Path) -> None:
    columns = {"step": [0, 10], "loss": [1.0, 0.1], "hard_loss": [2.0, 0.1], "agreement": [0.5, 1.0], "entropy": [1, 0]}
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "history.json").write_text(json.dumps({"seeds": {"0": columns, "1": columns}}))
    (tmp_path / "d" / "report.json").write_text("{}")
    code, text = call("history", tmp_path / "d", "--plot", tmp_path / "figure.svg")
    assert code == 0, text
    assert "mean of 2 seeds" in text
    assert "<svg" in (tmp_path / "figure.svg").read_text()
    assert call("history", tmp_path / "d", "--plot", tmp_path / "figure.pdf")[0] == 2


def test_the_example_runs() -> None:
    path = Path(__file__).parent.parent / "examples" / "own_table.py"
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "The room, from its table: exact" in done.stdout
    assert "y_3_before" in done.stdout
