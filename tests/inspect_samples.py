"""Programs to look into, and learned folders written without any training."""

import itertools
import json
from importlib.metadata import version

from click.testing import CliRunner

from pellucid import folder
from pellucid.data.vocab import Vocab
from pellucid.first.cli import main
from pellucid.program.emit import emit
from pellucid.program.formula import Apply, Var
from pellucid.program.ir import Aggregate, Evidence, Formula, Input, Lookup, Readout, Rule, Rules, Scan, Select
from pellucid.program.ir import Test as If
from pellucid.program.predicates import Compare, Match, OneOf
from pellucid.program.serialise import dumps
from program_samples import plain, program

TOKENS, POSITIONS = ("tokens", Input("tokens")), ("positions", Input("positions"))
DIGITS = Vocab.of(range(5), range(1, 6), "tagging", 5)
BRACKETS = Vocab.of("()", "PTF", "tagging", 8)
LETTERS = Vocab.of("ab", ("yes", "no"), "classification", 4)


def rule(outcome, *tests):
    return Rule(tuple(If(*test) for test in tests), outcome)


SAME = ("same", Select("tokens", "tokens", Compare("=="), "all"))
HIST = plain(DIGITS, TOKENS, SAME, ("output", Aggregate("same", "count")), unbounded=True)
COUNTS = plain(
    DIGITS, TOKENS, SAME, ("count", Aggregate("same", "count")),
    ("alike", Select("count", "count", Compare("=="), "all")), ("twice", Aggregate("alike", "count")),
    ("output", Formula(Apply("//", Var("twice"), Var("count")))), unbounded=True,
)  # fmt: skip
DYCK = plain(
    BRACKETS, TOKENS, ("ones", Input("ones")), ("step", Lookup(("tokens",), ((("(",), 1),), -1)),
    ("earlier", Select("ones", "ones", Compare("=="), "all", "upto")), ("depth", Aggregate("earlier", "sum", "step")),
    ("output", Scan("P", Rules((rule("F", ("previous", "==", ("F",))), rule("F", ("depth", "<", (0,))),
                                rule("T", ("depth", "==", (0,)))), "P"))),
)  # fmt: skip
# A vote over what stands before each token, with a begin marker and a selector that has rows.
VOTE = program(
    Vocab.of("abc", ("x", "y", "z"), "tagging", 4), TOKENS, POSITIONS,
    ("left", Select("positions", "positions", Compare("==", -1), "closest")),
    ("before", Aggregate("left", "take", "tokens")),
    ("sought", Select("tokens", "tokens", Match((("a", ("b",)),), ("a",)), "closest")),
    ("place", Aggregate("sought", "take", "positions")),
    ("unused", Lookup(("place",), (((3,), 1),), 0)),
    ("output", Readout(("x", "y", "z"), (0, 1, 0), (
        Evidence("before", (("a", (5, 0, 0)), ("<s>", (0, 3, 0))), (0, 0, 0)),
        Evidence("place", ((2, (0, 0, 4)), (0, (0, 1, 0))), (0, 0, 0)),
        Evidence("unused", ((1, (0, 0, 2)),), (0, 0, 0)),
    ))),
)  # fmt: skip
POOLED = program(
    LETTERS, TOKENS, POSITIONS, ("first", Select("tokens", "positions", OneOf((1,)), "closest")),
    ("start", Aggregate("first", "take", "tokens")),
    ("output", Readout(("no", "yes"), (1, 0), (Evidence("tokens", (("a", (0, 2)),), (0, 0)),
                                               Evidence("start", (("b", (1, 0)),), (0, 0))), (), True)),
)  # fmt: skip
LAST = plain(LETTERS, TOKENS, ("output", Lookup(("tokens",), ((("a",), "yes"),), "no")))
PROGRAMS = {"hist": HIST, "counts": COUNTS, "dyck": DYCK, "vote": VOTE, "pooled": POOLED, "last": LAST}


def domain(given):
    """Every input of a small program."""
    vocab = given.vocab
    return [s for n in range(1, vocab.max_length + 1) for s in itertools.product(vocab.tokens, repeat=n)]


def write_folder(place, given, task="data.jsonl", settings=None):
    """A folder as `learn` writes it, around a program."""
    source = emit(given, "certificate")
    model = {"vocabulary": given.vocab.to_json(), "config": {}, "family": "search"}
    files = {folder.PROGRAM: source, folder.IR: dumps(given), folder.MODEL: folder.dump(model), folder.WEIGHTS: b""}
    report = {
        "task": task,
        "settings": settings or {},
        "versions": {"pellucid": version("pellucid")},
        "sha256": {name: folder.digest(content) for name, content in files.items()},
    }
    folder.write(place, {**files, folder.REPORT: folder.dump(report)})
    return str(place)


def call(*arguments, code=0):
    """What a command prints; its exit code is checked."""
    result = CliRunner().invoke(main, [*map(str, arguments)])
    assert result.exit_code == code, result.output + repr(result.exception)
    if code == 2:
        assert result.stdout == ""
        (line,) = result.stderr.splitlines()
        assert line.startswith("error: ")
        return line
    return result.stdout


def call_json(*arguments, code=0):
    """The one JSON object a command prints."""
    return json.loads(call(*arguments, "--json", code=code))
