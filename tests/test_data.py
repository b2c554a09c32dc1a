"""Data from Python objects: what is taken, what is refused, what its columns are said to hold, and its views."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pellucid.data.data import Data
from pellucid.data.schema import Field, Schema
from pellucid.errors import PellucidError
from pellucid.language.types import INF, Numbers, real, symbol, whole
from pellucid.language.words import AS_WRITTEN, Reading, Words


class Column:
    """As much of a data-frame column as is used: iterable, with `tolist` and `ndim`."""

    ndim = 1

    def __init__(self, values: list[Any]):
        self.values = values

    def __iter__(self):
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)

    def tolist(self) -> list[Any]:
        return self.values


def types(data: Data) -> list[Any]:
    return [f.type for f in (*data.schema.inputs, *data.schema.outputs)]


def test_lists_tuples_arrays_and_columns_are_taken():
    data = Data.of([[1, 2], ["a"]], [(3, None), ("b",)])
    assert (data.inputs, data.outputs) == (((1, 2), ("a",)), ((3, None), ("b",)))
    assert types(data) == [symbol([1, 2, "a"]), symbol([3, "b"])]
    again = Data.of(Column([np.array([1, 2]), Column(["a"])]), ([np.int32(3), None], np.array(["b"])))
    assert again == data


def test_values_are_plain():
    data = Data.of([np.array([1, 2], np.int8)], [np.str_("x")])
    assert [type(v) for v in (*data.inputs[0], data.outputs[0])] == [int, int, str]
    assert data.schema.when == "sequence"
    assert Data.of(np.array([[1, 2], [2, 1]]), np.array([0, 1])).outputs == (0, 1)


KINDS = [
    ([[1, 5]], symbol([1, 5]), (1, 5)),
    ([[1, 2.0]], symbol([1, 2]), (1, 2)),
    ([[1, 2.5]], real(1.0, 2.5), None),
    ([[2.0**60, 1.0]], real(1.0, 2.0**60), None),
    ([list(range(0, 4000, 2))], whole(0, 3998), None),
    ([[10**30, 1]], symbol([1, 10**30]), (1, 10**30)),
    ([["b", "a", 1]], symbol([1, "a", "b"]), (1, "a", "b")),
]


@pytest.mark.parametrize(("inputs", "kind", "values"), KINDS)
def test_what_a_column_holds(inputs: Any, kind: Any, values: Any):
    data = Data.of(inputs, inputs)
    assert types(data) == [kind, kind]
    assert data.schema["x"].values == values
    assert all(kind.holds(v) for v in data.inputs[0])


def test_whole_numbers_are_ints_and_real_ones_floats():
    data = Data.of([[1, 2.0], [3]], [[1, 2.5], [3]])
    assert [type(v) for row in data.inputs for v in row] == [int] * 3
    assert [type(v) for row in data.outputs for v in row] == [float] * 3
    assert data.schema["x"].open().type == whole()
    assert data.schema["y"].open().type == real()
    assert data.schema["x"].closed().type.numbers == Numbers(1, 3, True)
    assert Field("s", symbol(["a"])).open() == Field("s", symbol(["a"])).closed()


def test_several_columns():
    data = Data.of([[[1, "a"], [2.5, "b"]]], [[[1, 2], [3, 4]]], names=(("speed", "gear"), None))
    assert data.schema.shape == (("speed", "gear"), ("y1", "y2"), "every")
    assert data.inputs == (((1.0, "a"), (2.5, "b")),)
    assert [data.column(name) for name in ("speed", "gear", "y2")] == [[[1.0, 2.5]], [["a", "b"]], [[2, 4]]]
    once = Data.of([[1, 2], [3]], [[1, "u"], [2, "v"]], when="sequence")
    assert (once.outputs, once.column("y2")) == (((1, "u"), (2, "v")), ["u", "v"])
    assert Data.of([[[1], [2]]], [[[1], [2]]]) == Data.of([[1, 2]], [[1, 2]])


BAD: list[tuple[Any, Any, dict[str, Any], str]] = [
    ([], [], {}, "no examples; at least one is needed"),
    ([[1]], [], {}, "1 inputs but 0 outputs"),
    ("abc", ["x"], {}, "inputs: 'abc' is of type str; expected a list"),
    ([[1]], 7, {}, "outputs: 7 is of type int; expected a list"),
    ([[1], []], ["x", "y"], {}, "example 2: input is empty"),
    ([3], ["x"], {}, "example 1: input 3 is of type int; expected a list with a value per step, or a text"),
    ([[True]], ["x"], {}, "example 1: input at step 1: True is a boolean; expected a text or a number"),
    ([[1, None]], ["x"], {}, "example 1: input at step 2: None is null (None)"),
    ([[1, [1, 2]]], ["x"], {}, "input at step 2: [1, 2] is a list, the first step is one value"),
    ([[[1, 2], 1]], ["x"], {}, "input at step 2: 1 is one value, the first step is a list"),
    ([[[1, 2], [1]]], ["x"], {}, "input at step 2: has 1 value, the first step has 2"),
    ([[[]]], ["x"], {}, "input at step 1: an empty list"),
    ([[b"x"]], ["x"], {}, "b'x' is bytes"),
    ([[{"a": 1}]], ["x"], {}, "{'a': 1} is an object"),
    ([[1, np.nan]], ["x"], {}, "input at step 2: nan is not finite"),
    ([[1], [INF]], ["x", "y"], {}, "example 2: input at step 1: inf is not finite"),
    ([[1.5, "a"]], ["x"], {}, "example 1: input at step 2: 'a' is text; expected a number"),
    ([["a", "b", 1.5]], ["x"], {}, "example 1: input at step 3: 1.5 is a float; expected a text or an integer, as"),
    ([[1.5, 10**400]], ["x"], {}, "cannot be told from its neighbours beside numbers with a fraction"),
    ([[1.5], [2**53 + 1]], ["x", "y"], {}, "example 2: input at step 1: 9007199254740993 cannot be told from its"),
    ([[1]], [True], {}, "example 1: output: True is a boolean"),
    ([[1]], [None], {}, "output: None is null (None)"),
    ([[1]], [[None]], {}, "every output y is null; expected at least one"),
    ([[1, 2, 3, 4]], [[1, 2, 3]], {}, "example 1: input has 4 steps, output 3; one output per step is needed"),
    ([[1], [2]], [[1], 2], {}, "example 2: output 2 is of type int; expected a list with an output per step"),
    ([[1], [2]], [1, [2]], {}, "example 2: output: [2] is a list, the first step is one value"),
    ([[1]], [1], {"names": (("a", "b"), None)}, "input has 1 column; the names are 'a', 'b'"),
    ([[1]], [1], {"names": (("y",), None)}, "the columns are 'y', 'y'; expected different"),
    ([[1]], [1], {"names": ((" ",), None)}, "expected different, non-empty names"),
    ([["x" * 500]], [["y" * 500, "line\nbreak"]], {}, "input has 1 step, output 2"),
    (["a b"], [[1, 2]], {}, "a label per word needs the words as a list; got a text"),
    (["a", " "], ["x", "y"], {}, "example 2: no word in the text ' '"),
    (["a", 3], ["x", "y"], {}, "example 2: 3 is of type int; expected a text, or a list of words"),
    (["a", ["b", 1.5]], ["x", "y"], {}, "example 2: input at step 2: 1.5 is a float; a symbol is a string or"),
    ([["a", "b"]], [["B-X", "X"]], {"words": AS_WRITTEN}, None),
]


@pytest.mark.parametrize(("inputs", "outputs", "options", "message"), BAD)
def test_bad_data(inputs: Any, outputs: Any, options: dict[str, Any], message: str | None):
    if message is None:
        assert Data.of(inputs, outputs, **options)
        return
    with pytest.raises(PellucidError) as caught:
        Data.of(inputs, outputs, **options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_raw_texts_are_split():
    data = Data.of(["Don't!", ["A", "b"]], [1, 2])
    assert data.inputs == (("do", "n't", "!"), ("A", "b"))
    assert data.sequences == ["Don't!", ("A", "b")]
    assert data.schema.words == Reading(Words())
    assert data.column("x") == [["do", "n't", "!"], ["a", "b"]]
    assert data.take([1]).sequences == [("A", "b")]
    assert (data.take([1]) + data.take([0])).sequences == [("A", "b"), "Don't!"]


def test_words_that_are_not_known_become_their_class():
    data = Data.of([["Ann", "sings", "3"], ["sing"]], [1, 2], words=AS_WRITTEN)
    known = Field("x", symbol(["sing", "<unk>", "<Xxx>", "<9>"]), Reading(AS_WRITTEN, forms=True))
    read = data.with_schema(Schema((known,), data.schema.outputs, "sequence"))
    assert read.column("x") == [["<Xxx>", "<unk>", "<9>"], ["sing"]]
    assert read.inputs == data.inputs
    assert known.closed().unknown == "<unk>"


def test_columns_of_tables():
    table = {"input": [["a", "b"]], "output": ["yes"], "words": [["C"]]}
    assert Data.from_columns({k: v for k, v in table.items() if k != "words"}) == Data.of([["a", "b"]], ["yes"])
    found = Data.from_columns(table)
    assert (found.inputs, found.schema.words) == ((("C",),), Reading(AS_WRITTEN))
    assert found.schema.shape[:2] == (("words",), ("y",))
    frame = pd.DataFrame({"text": ["How far?", "Where?"], "label": [1, 0]})
    assert Data.from_columns(frame).outputs == (1, 0)
    assert Data.from_columns({"text": np.array(["a", "b"]), "label": np.array(["x", "y"])}).outputs == ("x", "y")


class Names:
    def __init__(self, names):
        self.names = names


class Several:
    def __init__(self, feature):
        self.feature = feature


class Faces(dict):
    """Looks like a Hugging Face data set."""

    def __init__(self, columns, features):
        super().__init__(columns)
        self.column_names, self.features = list(columns), features


def test_labels_that_hugging_face_keeps_as_numbers():
    faces = Faces({"text": ["a", "b"], "label": [1, 0]}, {"label": Names(["no", "yes"])})
    assert Data.from_columns(faces).outputs == ("yes", "no")
    names = Names(["O", "B-PER"])
    for feature in (Several(names), [names]):
        tagged = Faces({"tokens": [["Ann", "sat"]], "ner_tags": [[1, 0]]}, {"ner_tags": feature})
        assert Data.from_columns(tagged).outputs == (("B-PER", "O"),)


@pytest.mark.parametrize(
    ("table", "more", "message"),
    [
        ({"text": ["a"]}, {}, "no column for the output; the columns are 'text'; expected one of label"),
        ({"text": ["a"], "label": ["x"]}, {"inputs": "body"}, "no column 'body'; the columns are 'text', 'label'"),
        (pd.DataFrame({"text": ["a", None], "label": ["x", "y"]}), {}, "row 2: nan is a float; expected a text"),
        (Faces({"text": ["a"], "label": [-1]}, {"label": Names(["x"])}), {}, "row 1: label is -1; expected 0 to 0"),
        ({"train": Faces({}, {}), "test": Faces({}, {})}, {}, "give one of them, as data['train']"),
        ([1], {}, "[1] has no columns"),
    ],
)
def test_bad_columns_are_named(table: Any, more: dict[str, Any], message: str):
    with pytest.raises(PellucidError) as caught:
        Data.from_columns(table, **more)
    assert message in str(caught.value)


def test_entity_tags_become_iob2():
    data = Data.of([["Ann", "Lee", "sat"]], [["B-PER", "E-PER", "O"]], words=AS_WRITTEN)
    assert data.outputs == (("B-PER", "I-PER", "O"),)
    with pytest.raises(PellucidError, match="output at step 2: 'X' is no entity tag"):
        Data.of([["a", "b", "c"]], [["B-PER", "X", "O"]], words=AS_WRITTEN)


def test_schema_refuses_unknown_columns():
    with pytest.raises(PellucidError, match="no column 'z'; the columns are 'x', 'y'"):
        Data.of([[1]], [1]).column("z")
