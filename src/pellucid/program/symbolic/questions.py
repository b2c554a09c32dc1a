"""What a proof asks about all inputs of one length: does another program, or a Python function, say the same?"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from pellucid.data.files import read_text
from pellucid.data.old_tasks.base import TaskInstance
from pellucid.errors import PellucidError
from pellucid.program.interpret import predict
from pellucid.program.ir import Program, stretched
from pellucid.program.oracle import OUTSIDE, Oracle, OtherProgram, Reference, run_file
from pellucid.program.spec import task_oracle
from pellucid.program.symbolic import containers
from pellucid.program.symbolic.encode import Encoding, texts
from pellucid.program.symbolic.paths import Checker, Paths, TimeUpError
from pellucid.program.symbolic.terms import Term, Terms, UnsupportedError
from pellucid.program.symbolic.unknown import term_of, tokens

MOST_PATHS = 20_000


class Question(Reference, Protocol):
    """What a program is compared with: something that can answer inputs, and all inputs of a length at once."""

    def search(self, program: Program, length: int, deadline: float) -> tuple[tuple | None, int]:
        """An input of that length on which the program is wrong, None if there is none; and the paths looked at."""
        ...


class _Unknowns:
    """Unknown tokens of one length, what programs make of them, and z3 to ask about them."""

    def __init__(self, programs: Sequence[Program], length: int, deadline: float) -> None:
        self.terms = Terms(text for program in programs for text in texts(program))
        vocab = programs[0].vocab
        pairs = [self.terms.symbol(f"token_{i}", vocab.tokens) for i in range(1, length + 1)]
        self.symbols = [symbol for symbol, _ in pairs]
        self.outputs = [Encoding(self.terms, _long(p, length), self.symbols).output for p in programs]
        self.checker = Checker(self.terms, deadline)
        self.checker.push(self.terms.all(condition for _, condition in pairs))

    def found(self) -> tuple:
        """The input that the checker found last."""
        return tuple(self.value(symbol) for symbol in self.symbols)

    def value(self, term: Term) -> Any:
        """What a term is on that input."""
        return self.terms.value(self.checker.number(term))


def _long(program: Program, length: int) -> Program:
    return stretched(program, length) if program.unbounded else program


class AgainstProgram(OtherProgram):
    """Whether another program gives the same outputs."""

    def search(self, program: Program, length: int, deadline: float) -> tuple[tuple | None, int]:
        """One question to z3: is there an input with different outputs?"""
        all_ = _Unknowns([program, self.program], length, deadline)
        pairs = zip(*all_.outputs, strict=True)
        differ = all_.terms.any(all_.terms.compare(operator.ne, a, b) for a, b in pairs)
        return (all_.found() if all_.checker.possible(differ) else None), 1


SKIPPED = object()  # a position that is not scored


class AgainstSpec:
    """Whether a Python function gives the same outputs.

    Args:
        oracle: the function as it is; unknown: the same function for unknown tokens.
    """

    def __init__(self, oracle: Oracle, unknown: Callable[[list], Any]) -> None:
        self.oracle, self.name, self._unknown = oracle, oracle.name, unknown

    def answers(self, inputs: Sequence[tuple]) -> list:
        """What the function says."""
        return self.oracle.answers(inputs)

    def search(self, program: Program, length: int, deadline: float) -> tuple[tuple | None, int]:
        """Along each path of the function: is there an input that takes it and on which the program differs?"""
        all_ = _Unknowns([program], length, deadline)
        paths, walked, terms = Paths(all_.terms, all_.checker), 0, all_.terms

        def call() -> Any:
            found = self._unknown([*tokens(paths, all_.symbols, program.vocab.tokens)])
            return found if self.oracle.kind == "classification" else list(found)

        for run in paths.run(call):
            walked += 1
            if walked > MOST_PATHS:
                raise UnsupportedError(f"{self.name} takes more than {MOST_PATHS:,} paths")
            labels = self._labels(run, all_)
            if labels is None:
                continue
            _check_encoding(program, all_)
            scored = [pair for pair in zip(all_.outputs[0], labels, strict=True) if pair[1] is not SKIPPED]
            differ = terms.any(label is None or terms.compare(operator.ne, told, label) for told, label in scored)
            if all_.checker.possible(differ):
                return all_.found(), walked
        return None, walked

    def _labels(self, run: Callable[[], Any], all_: _Unknowns) -> list | None:
        """Terms of the labels on this path; None where the function has no answer.

        Raises:
            UnsupportedError: on an input that takes this path, the function itself says something else.
        """
        failure, found = None, OUTSIDE
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
        if failure is not None:
            raise UnsupportedError(f"{self.name} cannot be run on unknown tokens ({failure})")
        found = OUTSIDE if found is None else found
        outside = found is OUTSIDE or right is OUTSIDE
        labels = [] if outside else [SKIPPED if v is None else term_of(v, all_.terms) for v in _listed(found)]
        if not (found is right if outside else _agree(labels, _listed(right), all_)):
            raise UnsupportedError(f"{self.name} says something else on unknown tokens than on {list(sequence)}")
        return None if outside else labels


def _listed(output: Any) -> list:
    return output if isinstance(output, list) else [output]


def _agree(labels: list, expected: list, all_: _Unknowns) -> bool:
    """Whether terms of labels are what the function itself says on the input found."""
    if len(labels) != len(expected):
        return False
    for label, wanted in zip(labels, expected, strict=True):
        if label is SKIPPED or wanted is None:
            if label is not SKIPPED or wanted is not None:
                return False
        elif label is not None and all_.value(label) != wanted:  # None: a label that no program here can give
            return False
    return True


def _check_encoding(program: Program, all_: _Unknowns) -> None:
    """The program's own output on the input found must be what its terms are there."""
    sequence = all_.found()
    if [all_.value(term) for term in all_.outputs[0]] != _listed(predict(program, [sequence])[0]):
        raise PellucidError(f"the terms of the program are wrong on {list(sequence)}; please report this")


def against_file(oracle: Oracle, spec: str) -> AgainstSpec:
    """The function `FILE.py:function`, whose plain version is `oracle`."""
    path, _, name = spec.rpartition(":")
    return AgainstSpec(oracle, getattr(for_unknowns(Path(path)), name))


def against_task(instance: TaskInstance) -> AgainstSpec:
    """The oracle of a built-in task, on the inputs of that task."""
    oracle, contains = instance.task.oracle, instance.domain.contains
    module = for_unknowns(Path(inspect.getfile(oracle)))
    belongs = getattr(module, contains.__name__) if contains.__module__ == oracle.__module__ else contains

    def unknown(sequence: list) -> Any:
        if len(sequence) not in instance.domain.lengths or not belongs(sequence):
            raise ValueError("no input of the task")
        return getattr(module, oracle.__name__)(sequence)

    return AgainstSpec(task_oracle(instance), unknown)


def for_unknowns(path: Path) -> ModuleType:
    """A file executed with containers that take unknown keys."""
    module = run_file(path, containers.rewritten(read_text(path)), containers.NAMES)
    containers.replace_imported(module)
    return module
