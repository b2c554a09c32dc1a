"""The commands end to end: symbols, texts, a table of numbers with several outputs, a symbol column beside numbers."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from made_folders import call, folder_of
from made_texts import questions
from pellucid import load
from verify_samples import HIST

RNG = random.Random(11)
FILES = {
    "program.py", "program.json", "model.json", "model.safetensors", "report.json", "front.json", "history.json",
}  # fmt: skip
REPORT = {
    "task", "model", "seed", "accuracy", "faithful", "size", "seconds", "found", "cut_short", "exact", "longer",
    "examples", "options", "given_up", "sha256", "versions",
}  # fmt: skip


def texts(place: Path) -> None:
    rows = zip(*questions(60), strict=True)
    place.write_text("".join(f"{label}\t{text}\n" for text, label in rows))


def sums(place: Path) -> None:
    """A step a row: two columns in, their sum and difference out."""
    rng, rows = random.Random(1), ["id,a,b,s,d"]
    for i in range(50):
        for _ in range(rng.randint(2, 5)):
            a, b = rng.randint(-99, 99), rng.randint(-99, 99)
            rows.append(f"{i},{a},{b},{a + b},{a - b}")
    place.write_text("\n".join(rows) + "\n")


def trades(place: Path) -> None:
    """A symbol and a number in, a number out."""
    rng, rows = random.Random(1), []
    for _ in range(60):
        x = [[rng.choice(["buy", "sell"]), rng.randint(0, 50)] for _ in range(rng.randint(2, 5))]
        rows.append(json.dumps({"input": x, "output": [n if side == "buy" else -n for side, n in x]}))
    place.write_text("\n".join(rows))


# file (or task), how it is written, options, what it says to an input, the same as tokens, the baselines
KINDS = {
    "symbols": ("hist", None, ["--model", "evolve", "--effort", "0.03", "--set", "size=300", "--set", "length=4"],
                [0, 1, 0], [2, 1, 2], ["0", "1", "0"]),
    "texts": ("q.tsv", texts, ["--model", "evidence", "--simplify", "none", "--set", "kinds=4", "--set", "phrases=0"],
              "Where does the king live?", "LOC", ["Where does", "the king live?"]),
    "sums": ("sums.csv", sums, ["--model", "search", "--output", "s,d"], [[3, 4], [-1, 5]], [[7, -1], [4, -6]],
             ["3,4", "-1,5"]),
    "trades": ("trades.jsonl", trades, ["--model", "enumerate", "--effort", "0.1"],
               [["sell", 7], ["buy", 2]], [-7, 2], ["sell,7", "buy,2"]),
}  # fmt: skip
LEARNED: dict[str, tuple[Path, str]] = {}


@pytest.fixture(params=KINDS)
def learned(request, tmp_path_factory):
    """The folder of a kind of data, its data, and an input with what comes out."""
    what, write, options, x, y, tokens = KINDS[request.param]
    if request.param not in LEARNED:
        place = tmp_path_factory.mktemp(request.param)
        if write is not None:
            write(place / what)
            what = str(place / what)
        done = call("learn", what, *options, "--budget", "120", "--out", place / "d")
        assert done.exit_code == 0, done.stderr
        assert "wrote " in done.output
        LEARNED[request.param] = (place / "d", "task" if write is None else what)
    return *LEARNED[request.param], x, y, tokens


def test_learn_writes_its_files_and_report(learned):
    place, *_ = learned
    assert {p.name for p in place.iterdir()} == FILES
    report = json.loads((place / "report.json").read_text())
    assert report.keys() >= REPORT
    assert report["exact"]
    assert set(report["accuracy"]) == {"train", "valid", "test"}
    assert report["faithful"].keys() >= {"checked", "mismatches", "exhaustive"}
    assert report["faithful"]["mismatches"] == 0 < report["faithful"]["checked"]
    assert set(report["size"]) == {"ast_nodes", "lines", "variables"}
    assert report["seconds"].keys() >= {"total", "compile", "train", "extract", "simplify", "verify"}
    assert report["found"].keys() >= {"by", "effort", "learners", "baselines"}
    assert report["versions"].keys() >= {"pellucid"}
    assert set(report["sha256"]) == FILES - {"report.json", "history.json"}
    front = json.loads((place / "front.json").read_text())
    assert front["candidates"][front["chosen"] - 1]["program"] == json.loads((place / "program.json").read_text())
    assert load_file(place / "model.safetensors")
    assert json.loads((place / "model.json").read_text())["family"]


def test_run_says_what_is_right(learned):
    place, _, x, y, tokens = learned
    assert json.loads(call("run", place, *tokens, "--json").output)["output"] == y
    assert json.loads(call("run", place, input=json.dumps(x) + "\n").output) == y
    assert load(place).run(x) == y


def test_the_program_runs_alone(learned):
    place, _, x, y, tokens = learned
    alone = [sys.executable, "-I", "-S", str(place / "program.py")]
    done = subprocess.run([*alone, "--jsonl"], input=json.dumps(x), capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == y
    assert subprocess.run([*alone, *tokens], capture_output=True, text=True, check=True).stdout.strip()


def test_eval_and_errors_find_no_error(learned):
    place, data, *_ = learned
    found = json.loads(call("eval", place, data, "--json").output)
    assert found["token"] == found["sequence"] == 1.0
    groups = json.loads(call("errors", place, data, "--json").output)
    assert (groups["wrong"], groups["groups"]) == (0, [])
    assert groups["answers"] > 0
    assert "100.000%" in call("eval", place, data, "--details").output


def test_a_program_alone_can_be_judged(learned):
    place, data, *_ = learned
    if data == "task" or data.endswith("csv"):
        pytest.skip("needs a file that says what is output")
    assert json.loads(call("eval", place / "program.py", data, "--json").output)["token"] == 1.0


def test_explain_tells_every_variable(learned):
    place, _, _, y, tokens = learned
    found = json.loads(call("explain", place, *tokens, "--json").output)
    assert json.dumps(y) in json.dumps(found)
    assert call("explain", place, *tokens).output.count("\n") > 3


def test_circuit_of_an_input_gives_a_program(learned, tmp_path):
    place, _, x, y, tokens = learned
    done = call("circuit", place, "--input", " ".join(tokens), "--out", tmp_path / "part.py")
    assert done.exit_code == 0, done.stderr
    alone = [sys.executable, "-I", "-S", str(tmp_path / "part.py"), "--jsonl"]
    done = subprocess.run(alone, input=json.dumps(x), capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == y


def test_verify_agrees(learned):
    place, *_ = learned
    done = call("verify", place, "--json")
    assert (done.exit_code, json.loads(done.output)["mismatches"], json.loads(done.output)["problems"]) == (0, 0, [])


def test_history_is_of_training_only(learned):
    done = call("history", learned[0])
    assert done.exit_code == 2
    assert "only gradient training has a history" in done.stderr


def test_baseline_takes_the_same_file(learned):
    _, data, *_ = learned
    if data.endswith(("tsv", "jsonl")):
        assert json.loads(call("baseline", data, "--json").output)["baselines"]


# ---------------------------------------------------------------- exit codes and messages


@pytest.fixture(scope="module")
def hist(tmp_path_factory):
    return folder_of(tmp_path_factory.mktemp("hist") / "d", [[0, 1], [1, 1], [2, 2, 3], [4], [0, 4, 0]], HIST)


def test_a_changed_program_is_not_faithful(hist, tmp_path):
    for name in FILES:
        (tmp_path / name).write_bytes((hist / name).read_bytes())
    text = (tmp_path / "program.py").read_text()
    (tmp_path / "program.py").write_text(
        text.replace("def run(", "def run(tokens):\n    return tokens\n\n\ndef old(", 1)
    )
    done = call("verify", tmp_path)
    assert done.exit_code == 1
    assert "program.py is not the file that learn wrote" in done.output


def test_an_approximation_is_written_with_code_3(tmp_path):
    rng = random.Random(2)
    rows = [[[round(rng.uniform(0, 9), 3) for _ in range(4)]] for _ in range(40)]
    text = "\n".join(json.dumps({"input": x, "output": [v * v + rng.gauss(0, 1) for v in x]}) for (x,) in rows)
    (tmp_path / "noisy.jsonl").write_text(text)
    done = call("learn", tmp_path / "noisy.jsonl", "--model", "approximate", "--out", tmp_path / "d", "--quiet")
    assert done.exit_code == 3
    assert done.stderr.startswith("not without errors: on validation data R2 ")
    assert not json.loads((tmp_path / "d/report.json").read_text())["exact"]
    assert "an approximation" in (tmp_path / "d/program.py").read_text()


def test_a_budget_is_kept_by_all_stages_together(tmp_path, monkeypatch):
    """Texts of many words, ten seconds, most of them kept for what follows learning: it is cut short and says so."""
    monkeypatch.setattr("pellucid.progress.KEPT", 7.5)
    rng = random.Random(8)
    words = ["".join(rng.choice("abcdefgh") for _ in range(5)) for _ in range(3000)]
    rows = [f"{rng.choice('pq')}\t{' '.join(rng.choices(words, k=30))}" for _ in range(1500)]
    (tmp_path / "many.tsv").write_text("\n".join(rows))
    done = call("learn", tmp_path / "many.tsv", "--model", "evidence", "--budget", "10", "--out", tmp_path / "d")
    report = json.loads((tmp_path / "d/report.json").read_text())
    assert report["seconds"]["total"] < 12
    assert "evidence" in report["cut_short"], done.output
    assert report["found"]["learners"]["evidence"]["programs"] < 7
    assert report["faithful"]["checked"] > 0
    for text in (done.output, (tmp_path / "d/program.py").read_text()):
        assert "ut short, before all of its work was done: evidence" in text


@pytest.mark.parametrize(("label", "code"), [(lambda x: x.count("a") % 4 == 0, 0), (lambda x: RNG.random() < 0.5, 3)])
def test_labels_that_are_no_better_than_simple_models_end_with_code_3(tmp_path, label, code):
    """A rule with every fifth label wrong; labels that are drawn by lot."""
    rows = []
    for _ in range(600):
        x = [RNG.choice("ab") for _ in range(RNG.randint(3, 9))]
        rows.append(json.dumps({"input": x, "output": "yes" if label(x) != (RNG.random() < 0.1) else "no"}))
    (tmp_path / "labels.jsonl").write_text("\n".join(rows))
    done = call("learn", tmp_path / "labels.jsonl", "--model", "search", "--effort", "0.05", "--out", tmp_path / "d")
    assert done.exit_code == code, done.output
    assert ("not better than the best of them" in done.output) == (code == 3)
    assert 'return "' in done.output or code == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["learn"], "name one thing to learn from"),
        (["learn", "sortt"], "unknown task 'sortt'; did you mean sort"),
        (["learn", "absent.jsonl"], "absent.jsonl: no such file"),
        (["learn", "hist", "--model", "bert"], "--model bert: expected one of auto, search"),
        (["learn", "hist", "--simplify", "much"], "--simplify much: expected one of none, exact, compact"),
        (["learn", "hist", "--budget", "9"], "--budget 9: expected at least 10 seconds"),
        (["learn", "hist", "--effort", "-1"], "--effort -1"),
        (["learn", "hist", "--seed", "-1"], "--seed -1: expected 0 or more"),
        (["learn", "hist", "--set", "vocabb=4"], "vocabb"),
        (["learn", "hist", "--set", "vocab=many"], "vocab"),
        (["learn", "hist", "--valid", "x.jsonl"], "--valid"),
        (["learn", "hist", "--out", "DIR"], "--out"),
        (["learn", "hist", "--model", "words"], "--model words"),
        (["run", "nothing", "1"], "nothing"),
        (["run", "DIR", "9"], "9"),
        (["eval", "DIR", "absent.jsonl"], "absent.jsonl: no such file"),
        (["explain", "DIR"], "no TOKENS to explain; try: pellucid explain"),
        (["circuit", "DIR", "--label", "1", "--position", "2"], "--label and --position: one of them at a time"),
        (["verify", "DIR", "--prove"], "--prove: goes with --spec or --equals"),
        (["errors", "DIR", "task", "--top", "0"], "--top 0: expected 1 or more"),
        (["verify", "DIR", "--nothing"], "--nothing"),
        (["learnn"], "learnn"),
    ],
)
def test_bad_input_is_one_line(hist, arguments, told):
    done = call(*(hist if a == "DIR" else a for a in arguments))
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert told in done.stderr


def test_tasks_are_listed():
    assert "hist" in call("tasks").output
    assert json.loads(call("tasks", "--json").output)["hist"]["settings"]["length"]
