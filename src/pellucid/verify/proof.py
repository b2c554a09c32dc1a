"""Proofs for every input up to a length, also where there are far too many to try: with z3, or by trying them all.

Short inputs are tried one by one. Beyond that the program becomes a formula of unknown inputs (`verify.encode`). A
Python spec is run on unknown values along every path it can take (`verify.unknown`); on each path z3 looks for an
input on which program and spec differ. None on any path: proved. What is not proved is said to be not proved.

No path is taken on trust: on each, an input that takes it is also run through the program and the spec themselves.
"""

from __future__ import annotations

import inspect
import math
import operator
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pellucid.data.files import read_text
from pellucid.errors import PellucidError
from pellucid.language.program import Program
from pellucid.language.types import Type
from pellucid.semantics import domain
from pellucid.semantics.batch import predict
from pellucid.semantics.reading import taken
from pellucid.verify import containers
from pellucid.verify.encode import Encoding, texts
from pellucid.verify.oracle import Oracle, OtherProgram, Reference, run_file
from pellucid.verify.outputs import ABSENT
from pellucid.verify.spec import compared, smallest, told
from pellucid.verify.terms import Term, Terms, Truth, UnsupportedError, load
from pellucid.verify.unknown import Checker, Paths, TimeUpError, Unknown, term_of

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


TRIED = 1_000_000  # inputs of one length that are tried one by one
SECONDS = 120.0


@dataclass(frozen=True)
class Proof:
    """Outcome of a proof.

    Args:
        against: what the program was compared with; proved: the longest inputs up to which nothing differs.
        asked: up to which length it was asked; how: for each length proved, `tried` or `symbolic`.
        paths: ways the spec took, in all; seconds: spent; reason: why it stopped short, None if it did not.
        counterexample: the shortest input found: `input`, `program`, `expected`.
    """

    against: str
    proved: int
    asked: int
    how: list[str]
    paths: int
    seconds: float
    reason: str | None = None
    counterexample: dict[str, Any] | None = None

    @property
    def holds(self) -> bool:
        """Whether all that was asked is proved."""
        return self.proved == self.asked

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        return {**vars(self), "holds": self.holds, "seconds": round(self.seconds, 3)}

    def __str__(self) -> str:
        if self.counterexample is not None:
            return "\n".join(
                [f"the program differs from {self.against}; a shortest input:", *told(self.counterexample)]
            )
        tried = self.how.count("tried")
        parts = [f"every input of {_lengths(1, tried)} was tried"] if tried else []
        if self.proved > tried:
            parts.append(f"{_lengths(tried + 1, self.proved)} proved with z3 ({self.paths:,} paths)")
        spent = f" ({'; '.join(parts)}; {self.seconds:.1f} s)" if parts else ""
        done = f"proved: equal to {self.against} on every input of {_lengths(1, self.proved)}{spent}"
        if self.holds:
            return done
        start = f"{done}. " if self.proved else ""
        return f"{start}NOT proved for {_lengths(self.proved + 1, self.asked)}: {self.reason}"


def _lengths(low: int, high: int) -> str:
    return f"{low} position{'' if low == 1 else 's'}" if low == high else f"{low} to {high} positions"


def prove(program: Program, question: Question, longest: int | None = None, seconds: float = SECONDS) -> Proof:
    """Prove that a program gives the right output on every input of up to `longest` positions.

    Args:
        question: an `AgainstProgram`, or from `against_file` or `against_function`.
        longest: by default the longest input the program was made for.
        seconds: after which it stops, saying up to which length it came.

    Raises:
        PellucidError: no z3 where it is needed, a length the program does not take, or a spec that fails on some input.
    """
    asked = _asked(program, longest)
    if _count(program, asked) > TRIED:
        load()  # to say at once that it is not there
    began, how, paths, wrong, reason = time.monotonic(), list[str](), 0, None, None
    for length in range(1, asked + 1):
        few = _count(program, length) <= TRIED
        try:
            if few:
                wrong = _tried(program, question, length, began + seconds)
            else:
                wrong, walked = question.search(program, length, began + seconds)
                paths += walked
        except TimeUpError:
            reason = f"the time is up ({seconds:g} s); --seconds gives it more"
        except UnsupportedError as error:
            reason = str(error)
        if wrong is not None or reason is not None:
            break
        how.append("tried" if few else "symbolic")
    spent = time.monotonic() - began
    found = None if wrong is None else smallest(program, question, wrong)
    return Proof(question.name, len(how), asked, how, paths, spent, reason, found)


def _asked(program: Program, longest: int | None) -> int:
    asked = longest or program.longest
    if asked is None:
        raise PellucidError("--prove: this program has no longest input; --length N says up to which length")
    if asked < 1 or (program.longest is not None and asked > program.longest and not program.takes_longer):
        most = program.longest
        raise PellucidError(f"--length {asked}: expected a number from 1 to {most}, the longest input of the program")
    return asked


def _count(program: Program, length: int) -> float:
    """Number of inputs of exactly that length."""
    listed = [column_type(program, i).values for i in range(len(program.inputs))]
    return math.prod(math.inf if values is None else len(values) for values in listed) ** length


def _tried(program: Program, question: Question, length: int, deadline: float) -> list[Any] | None:
    """The first input of a length, in order, on which the program is wrong."""
    inputs = (sequence for sequence in domain.every(program, length) if len(sequence) == length)
    for sequence, wrong in compared(program, question, inputs):
        if wrong:
            return sequence
        if time.monotonic() > deadline:
            raise TimeUpError
    return None
