"""From what the user names to a problem: tasks, files, data in memory, and what cannot be learned from."""

from pathlib import Path
from typing import Any

import pytest

from pellucid.bias import MODES, Bias
from pellucid.data.data import Data, known_words
from pellucid.data.readers import Options
from pellucid.data.split import Splits, split
from pellucid.data.tasks import get_task
from pellucid.errors import PellucidError
from pellucid.language.types import real
from pellucid.language.words import AS_WRITTEN, UNKNOWN, Reading, Words
from pellucid.problem import Problem
from pellucid.resolve import resolve
from pellucid.settings import check_known, taken


def doubled(n: int = 40) -> Data:
    return Data.of([[i, i + 1] for i in range(n)], [[2 * i, 2 * i + 2] for i in range(n)])


def test_a_task_brings_its_sizes_longer_data_oracle_and_hints():
    problem = resolve("sort", settings={"vocab": "6", "size": 500, "steps": 7}, seed=3)
    assert problem.name == "sort"
    assert problem.schema["x"].values == (0, 1, 2)
    assert sum(map(len, problem.splits.parts().values())) <= 500
    assert set(problem.longer) == {"2N", "4N"}
    assert problem.oracle is not None
    assert problem.oracle((2, 0, 1)) == (0, 1, 2)
    assert (problem.settings["steps"], problem.settings["markers"], problem.refit) == (7, "both", False)
    assert resolve("sort", seed=3).train == resolve("sort", seed=3).train != resolve("sort", seed=4).train
    assert resolve("mips/sum", settings={"length": 4}).train.longest == 4


def test_data_in_memory():
    data = doubled()
    problem = resolve(data, seed=1)
    assert (problem.name, problem.splits, problem.refit) == ("data", split(data, 1).blind(), True)
    assert resolve(split(data, 2), seed=1).splits == split(data, 2).blind()
    assert not resolve(split(data, 2)).refit
    assert problem.bias == Bias()


def test_splits_made_by_hand_become_of_one_kind():
    parts = doubled(), Data.of([[0.5]], [[1]]), Data.of([[7]], [[14]])
    problem = resolve(Splits(*parts))
    assert problem.schema["x"].type == real(0.0, 40.0)
    assert problem.train.inputs[0] == (0.0, 1.0)
    task = get_task("hist").at().splits(size=20)
    assert resolve(task).schema == task.blind().schema


def test_what_comes_out_is_decided_without_the_test_data():
    valid, test = Data.of([[1, 2]], [[5, 6]]), Data.of([[1, 2]], [[900, 1000]])
    problem = resolve(Splits(Data.of([[1, 2]] * 12, [[3, 4]] * 12), valid, test))
    assert problem.schema["y"].type.values == (3, 4, 5, 6)


def test_files(tmp_path: Path):
    path = tmp_path / "mine.csv"
    path.write_text("input,output\n" + "".join(f"{i} {i},{i} x\n" for i in range(40)))
    longer = tmp_path / "long.csv"
    longer.write_text("input,output\n1 2 3,1 x x\n")
    problem = resolve(path, longer=longer, options=Options(when="every"))
    assert (problem.name, problem.refit, set(problem.longer)) == ("mine.csv", True, {"long.csv"})
    assert not resolve(str(path), valid=longer).refit


def texts(n: int = 30) -> Data:
    return Data.of([f"Ann {chr(97 + i % 26)}x{i // 26} jumping" for i in range(n)], [i % 2 for i in range(n)])


def test_texts_are_read_as_known_words():
    problem = resolve(texts(), settings={"least": 3}, seed=1)
    column = problem.schema.inputs[0]
    assert column.words == Reading(Words(), forms=True)
    assert column.type.texts == ("<9x>", "<unk>", "<xxx-ing>", "<xxx>", "ann", "jumping")
    assert problem.train.column("x")[0] == ["ann", "<9x>", "jumping"]
    assert problem.splits.test.schema == problem.schema
    assert resolve(texts(), settings={"least": 3, "forms": False}).train.column("x")[0] == ["ann", UNKNOWN, "jumping"]
    few = known_words(texts(), least=1, most=1, forms=False)
    assert few.type.texts == (UNKNOWN, "ann")


def test_words_of_lists_are_taken_as_they_are():
    data = Data.of([["Ann", f"W{i}"] for i in range(20)], [["B-X", "O"]] * 20, words=AS_WRITTEN)
    problem = resolve(data)
    assert problem.schema.inputs[0].words == Reading(AS_WRITTEN, forms=True)
    assert "Ann" in problem.schema.inputs[0].type.texts


BAD: list[tuple[Any, dict[str, Any], str]] = [
    ("sotr", {}, "unknown task 'sotr'; did you mean sort"),
    ("mips/sun", {}, "did you mean mips/sum"),
    ("none.csv", {}, "none.csv: no such file"),
    ("some/where", {}, "some/where: no such file"),
    (Path("sort"), {}, "sort: no such file"),
    ("sort", {"valid": "a.csv"}, "--valid, --test, --longer and options of files go with a data file; sort is none"),
    (doubled(), {"test": "a.csv"}, "go with a data file; data in memory is none"),
    (doubled(), {"settings": {"size": 3}}, "--set size: how many examples to draw; goes with a built-in task, data"),
    (doubled(), {"vectors": "v.txt"}, "--vectors v.txt: goes with texts; data holds none"),
    (doubled(1), {}, "1 example with 1 different input, too few to learn from; give at least 2 different ones"),
    (doubled(), {"bias": Bias(mask=frozenset({"z"}))}, "--mask: unknown 'z'"),
    (Data.of([[i] for i in range(40)], ["x"] * 40), {}, "data: output y is the same everywhere; there is nothing to"),
    ("sort", {"settings": {"vocab": "many"}}, "--set vocab=many: expected a whole number"),
    ("sort", {"settings": {"size": 1}}, "size is 1; expected a whole number from 2"),
    (texts(), {"settings": {"least": 0}}, "--set least=0: expected at least 1"),
    (texts(), {"settings": {"forms": "maybe"}}, "--set forms=maybe: expected true or false"),
]


@pytest.mark.parametrize(("what", "options", "message"), BAD)
def test_what_cannot_be_learned_from(what: Any, options: dict[str, Any], message: str):
    with pytest.raises(PellucidError) as caught:
        resolve(what, **options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_too_few_sequences_beside_files_for_the_rest(tmp_path: Path):
    path = tmp_path / "few.csv"
    path.write_text("input,output\n1 2,1 2\n")
    with pytest.raises(
        PellucidError,
        match=r"few\.csv: 1 sequence in the training part, too few to learn from; give at least 2 different ones",
    ):
        resolve(path, valid=path, test=path)


def test_settings_are_taken_by_those_who_know_them():
    pairs = {"least": "3", "lr": 0.1}
    assert taken(pairs, {"least": int}) == {"least": 3}
    check_known(pairs, {"least", "lr"})
    with pytest.raises(PellucidError, match="--set lr: unknown setting; did you mean lrs"):
        check_known(pairs, {"least", "lrs"})


def test_bias():
    assert MODES[0] == "shift"
    assert {"count", "nearest", "argmax"} <= set(MODES)
    bias = Bias.parse(modes="shift, sum", operators="+,-", mask="x[t-1],y", window=3, readable_inputs="x,position")
    assert (bias.modes, bias.operators) == (frozenset({"shift", "sum"}), frozenset({"+", "-"}))
    assert [bias.masked("x", lag) for lag in (0, 1, 2)] == [False, True, False]
    assert bias.masked("y", 5)
    assert [bias.readable(name) for name in ("x", "position", "z", "y")] == [True, True, False, False]
    assert bias.past_outputs() == 3
    bias.check(["x"], ["y"])
    for given, message in (
        ({"modes": "summ"}, "--modes: unknown 'summ'; did you mean sum"),
        ({"window": 65}, "--window 65: expected a number of steps from 1 to 64"),
        ({"heads": -1}, "--heads -1: expected 0 or more"),
    ):
        with pytest.raises(PellucidError, match=message.replace("?", r"\?")):
            Bias.parse(**given)
    with pytest.raises(PellucidError, match="y is an output; the step itself is never read"):
        Bias.parse(mask="y[t]").check(["x"], ["y"])
    with pytest.raises(PellucidError, match="--readable-inputs: unknown 'z'"):
        Bias.parse(readable_inputs="z").check(["x"], ["y"])


def test_a_problem_is_made_by_hand():
    problem = Problem("mine", split(doubled()))
    assert problem.train is problem.splits.train
    assert problem.schema.when == "every"
