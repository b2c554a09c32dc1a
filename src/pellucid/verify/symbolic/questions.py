"""What a proof asks about all inputs of one length: does another program, or a Python function, say the same?"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from pellucid.data.files import read_text
from pellucid.errors import PellucidError
from pellucid.language.program import Program
from pellucid.language.types import Type
from pellucid.semantics.batch import predict
from pellucid.semantics.reading import taken
from pellucid.verify.oracle import Oracle, OtherProgram, Reference, run_file
from pellucid.verify.outputs import ABSENT
from pellucid.verify.symbolic import containers
from pellucid.verify.symbolic.encode import Encoding, texts
from pellucid.verify.symbolic.terms import Term, Terms, Truth, UnsupportedError
from pellucid.verify.symbolic.unknown import Checker, Paths, TimeUpError, Unknown, term_of

MOST_PATHS = 20_000
SKIPPED = object()  # a position that is not scored


class Question(Reference, Protocol):
    """What a program is compared with: something that can answer inputs, and all inputs of a length at once."""

    def search(self, program: Program, length: int, deadline: float) -> tuple[list[Any] | None, int]:
        """An input of that length on which the program is wrong, None if there is none; and the paths looked at."""
        ...


class _Unknowns:
    """Unknown inputs of one length, what programs make of them, and z3 to ask about them."""

    def __init__(self, programs: Sequence[Program], length: int, deadline: float) -> None:
        self.build = Terms(text for program in programs for text in texts(program))
        types = [column_type(programs[0], i) for i in range(len(programs[0].inputs))]
        steps = [[self.build.symbol(f"x_{i}_{c}", t) for c, t in enumerate(types)] for i in range(length)]
        self.steps = [[symbol for symbol, _ in step] for step in steps]
        self.outputs = [self._encoded(p, length) for p in programs]
        self.checker = Checker(self.build, deadline)
        self.checker.push(self.build.And(*(condition for step in steps for _, condition in step)))

    def _encoded(self, program: Program, length: int) -> list[Term]:
        columns = {column.name: [step[c] for step in self.steps] for c, column in enumerate(program.inputs)}
        return Encoding(self.build, program, columns, length).output

    def form(self, of: Callable[[Term], Any]) -> list[Any]:
        """The input in the user's form, its values made of the terms."""
        return [of(step[0]) if len(step) == 1 else [*map(of, step)] for step in self.steps]

    def found(self) -> list[Any]:
        """The input that the checker found last."""
        return self.form(self.checker.value)

    def check(self, programs: Sequence[Program]) -> None:
        """The outputs of the programs on the input found must be what their terms are there."""
        for program, terms in zip(programs, self.outputs, strict=True):
            told = flat(program, predict(program, [self.found()])[0])
            if [self.checker.value(term) for term in terms] != told:
                raise PellucidError(f"the terms of the program are wrong on {self.found()}; please report this")


def column_type(program: Program, index: int) -> Type:
    """What a column can hold; of words those that are read as themselves."""
    column = program.inputs[index]
    if column.words is None:
        return column.type
    return Type(tuple(word for word in column.type.texts if taken(column, word) == word))


def flat(program: Program, output: Any, unscored: Any = None) -> list[Any]:
    """An output's values in a row, each position's one after the other; a row that is None counts as unscored ones."""
    rows, width = list(output) if program.when == "every" else [output], len(program.outputs)
    return [v for row in rows for v in ([unscored] * width if row is None else [row] if width == 1 else row)]


def _differ(build: Terms, told: Sequence[Term], right: Sequence[Term | None]) -> Truth:
    """Whether any output differs; None stands for a label that no program could give."""
    return build.Or(*(True if b is None else operator.ne(a, b) for a, b in zip(told, right, strict=True)))


class AgainstProgram(OtherProgram):
    """Whether another program gives the same outputs."""

    def search(self, program: Program, length: int, deadline: float) -> tuple[list[Any] | None, int]:
        """One question to z3: is there an input with different outputs?"""
        all_ = _Unknowns([program, self.program], length, deadline)
        differ = _differ(all_.build, *all_.outputs)
        if all_.checker.possible():
            all_.check([program, self.program])
        return (all_.found() if all_.checker.possible(differ) else None), 1


class AgainstSpec:
    """Whether a Python function gives the same outputs.

    Args:
        oracle: the function as it is; unknown: the same function for unknown values.
    """

    def __init__(self, oracle: Oracle, unknown: Callable[[Any], Any]) -> None:
        self.oracle, self.name, self._unknown = oracle, oracle.name, unknown

    def answers(self, inputs: Sequence[Any]) -> list[Any]:
        """What the function says."""
        return self.oracle.answers(inputs)

    def search(self, program: Program, length: int, deadline: float) -> tuple[list[Any] | None, int]:
        """Along each path of the function: is there an input that takes it and on which the program differs?"""
        all_ = _Unknowns([program], length, deadline)
        paths, walked, build = Paths(all_.build, all_.checker), 0, all_.build

        def call() -> Any:
            found = self._unknown(all_.form(lambda term: Unknown(paths, term)))
            return ABSENT if found is None else flat(program, found, SKIPPED)

        for run in paths.run(call):
            walked += 1
            if walked > MOST_PATHS:
                raise UnsupportedError(f"{self.name} takes more than {MOST_PATHS:,} paths")
            labels = self._labels(run, all_, paths)
            if labels is None:
                continue
            all_.check([program])
            scored = [pair for pair in zip(all_.outputs[0], labels, strict=True) if pair[1] is not SKIPPED]
            if all_.checker.possible(_differ(build, [told for told, _ in scored], [label for _, label in scored])):
                return all_.found(), walked
        return None, walked

    def _labels(self, run: Callable[[], Any], all_: _Unknowns, paths: Paths) -> list[Any] | None:
        """Terms of the labels on this path; None where the function has no answer.

        Raises:
            UnsupportedError: on an input that takes this path, the function itself says something else.
        """
        failure: str | None = None
        found: Any = ABSENT
        try:
            found = run()
        except (TimeUpError, UnsupportedError):
            raise
        except ValueError:
            pass
        except Exception as error:  # noqa: BLE001  # whatever the user's function raises on what is unknown
            failure = f"{type(error).__name__}: {error}"
        all_.checker.possible()
        sequence = all_.found()
        right = self.oracle(sequence)
        right = right if right is ABSENT else flat(self.oracle.program, right, SKIPPED)
        if failure is not None:
            raise UnsupportedError(f"{self.name} cannot be run on unknown values ({failure})")
        outside = found is ABSENT or right is ABSENT
        labels = [] if outside else [SKIPPED if v is SKIPPED else term_of(v, paths) for v in found]
        if not (found is right if outside else _agree(labels, right, all_)):
            raise UnsupportedError(f"{self.name} says something else on unknown values than on {sequence}")
        return None if outside else labels


def _agree(labels: list[Any], expected: list[Any], all_: _Unknowns) -> bool:
    """Whether terms of labels are what the function itself says on the input found."""

    def agrees(label: Any, wanted: Any) -> bool:
        if label is SKIPPED or wanted is SKIPPED:
            return label is wanted
        return label is None or all_.checker.value(label) == wanted  # None: a label that no program here can give

    return len(labels) == len(expected) and all(map(agrees, labels, expected))


def against_file(oracle: Oracle, path: Path, name: str) -> AgainstSpec:
    """The function of a file, whose plain version is `oracle`; here its containers take unknown keys."""
    module = run_file(path, containers.rewritten(read_text(path)), containers.NAMES)
    containers.replace_imported(module)
    return AgainstSpec(oracle, getattr(module, name))


def against_function(oracle: Oracle, function: Callable[[Any], Any]) -> AgainstSpec:
    """A function of our own; its file is read again for unknowns."""
    return against_file(oracle, Path(inspect.getfile(function)), function.__name__)
