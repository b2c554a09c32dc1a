"""What a program is compared with: a Python function that gives the right output, another program, a built-in task."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from pellucid.data.files import read_text
from pellucid.errors import PellucidError
from pellucid.language.program import Program
from pellucid.semantics.batch import predict
from pellucid.values import as_token, is_sequence, listing, show
from pellucid.verify.outputs import ABSENT

MODULE = "pellucid_spec"  # name of a user's file while it is loaded


class Reference(Protocol):
    """What a program is compared with."""

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    def answers(self, inputs: Sequence[Any]) -> list[Any]:
        """The right output of each input, in the user's form; `ABSENT` where there is none."""
        ...


@dataclass(frozen=True)
class Form:
    """The form of right outputs.

    Args:
        every: whether one comes at every position; else there is one for the sequence.
        real: of each output column, whether numbers that are not whole may come.
    """

    every: bool
    real: tuple[bool, ...] = (True,)

    @classmethod
    def of(cls, program: Program) -> Form:
        """That of a program's outputs."""
        numbers = [program.types[name].numbers for name in program.results]
        return cls(program.when == "every", tuple(n is not None and not n.whole for n in numbers))

    def checked(self, found: Any, length: int) -> Any:
        """What a function gave for an input of a length, in plain Python values.

        Raises:
            PellucidError: it has another form.
        """
        if not self.every:
            return ABSENT if found is None else self._row(found, "one label")
        if isinstance(found, str | bytes | dict) or not hasattr(found, "__iter__"):
            raise PellucidError(f"returned {show(found)}; expected a list of {length} labels")
        rows = list(found.tolist() if hasattr(found, "tolist") else found)
        if len(rows) != length:
            raise PellucidError(f"returned {len(rows)} labels; expected {length}, one per position")
        return [None if row is None else self._row(row, "a label at every position") for row in rows]

    def _row(self, row: Any, expected: str) -> Any:
        count = len(self.real)
        if is_sequence(row) != (count > 1) or (count > 1 and len(row) != count):
            expected = expected if count == 1 else f"{count} values, one per output,"
            raise PellucidError(f"returned {show(row)}; expected {expected}")
        values = list(row.tolist() if hasattr(row, "tolist") else row) if count > 1 else [row]
        plain = [self._value(value, real) for value, real in zip(values, self.real, strict=True)]
        return plain if count > 1 else plain[0]

    @staticmethod
    def _value(value: Any, real: bool) -> Any:
        value = value.item() if hasattr(value, "item") else value
        return value if value is None or (real and isinstance(value, float)) else as_token(value)


@dataclass(frozen=True)
class Oracle:
    """A function that is right.

    Args:
        name: in messages.
        function: takes an input in the user's form, gives an output in that form (None in place of a position: not
            scored). It may raise ValueError where an input is outside its domain.
        program: the program compared, whose outputs say which form that is.
    """

    name: str
    function: Callable[[Any], Any]
    program: Program

    @cached_property
    def form(self) -> Form:
        """That of the program's outputs."""
        return Form.of(self.program)

    def __call__(self, sequence: Sequence[Any]) -> Any:
        """The right output, ABSENT where the function raises ValueError or gives None.

        Raises:
            PellucidError: it raises anything else, or answers in the wrong form.
        """
        given = [list(step) if isinstance(step, list) else step for step in sequence]  # which a function may change
        try:
            found = self.function(given)
            return self.form.checked(found, len(sequence))
        except PellucidError as error:
            raise PellucidError(f"{self.name}: on input {show(sequence)}: {error}") from None
        except ValueError:
            return ABSENT
        except Exception as error:  # noqa: BLE001  # whatever the user's function raises is theirs
            told = f"{type(error).__name__}: {error}"
            raise PellucidError(f"{self.name}: raised {told} on input {show(sequence)}") from None

    def answers(self, inputs: Sequence[Any]) -> list[Any]:
        """The right output of each input."""
        return [self(sequence) for sequence in inputs]


@dataclass(frozen=True)
class OtherProgram:
    """Another program as what is right."""

    program: Program
    name: str

    def answers(self, inputs: Sequence[Any]) -> list[Any]:
        """What it says to each input; ABSENT where it does not take one."""
        try:
            return predict(self.program, inputs)
        except PellucidError:
            if len(inputs) == 1:
                return [ABSENT]
        return [answer for sequence in inputs for answer in self.answers([sequence])]


def comparable(program: Program, other: Program, name: str) -> OtherProgram:
    """Another program as what is right for a program.

    Raises:
        PellucidError: it takes other columns, or gives other outputs.
    """
    if _kinds(program) != _kinds(other):
        raise PellucidError(f"{name}: takes {_taken(other)}; the program compared takes {_taken(program)}")
    mine, theirs = ((len(p.outputs), p.when) for p in (program, other))
    if mine != theirs:
        told = ["gives {} output{} ({})".format(n, "s" * (n > 1), when) for n, when in (theirs, mine)]
        raise PellucidError(f"{name}: {told[0]}; the program compared {told[1]}")
    return OtherProgram(other, name)


def _kinds(program: Program) -> list[tuple[Any, ...]]:
    return [(c.type.texts, c.type.numbers is None, c.words) for c in program.inputs]


def _taken(program: Program) -> str:
    return " and ".join(f"{column.name} ({column.type})" for column in program.inputs)


def load_oracle(spec: str, program: Program) -> Oracle:
    """The function `FILE.py:function` as what is right for a program. Raises as `function_of` does."""
    path, name = split_spec(spec)
    return Oracle(f"{path.name}:{name}", function_of(spec), program)


def function_of(spec: str) -> Callable[[Any], Any]:
    """The function `FILE.py:function`. The file is executed.

    Raises:
        PellucidError: no such file or function, or the file fails.
    """
    path, name = split_spec(spec)
    module = run_file(path, read_text(path))
    function = getattr(module, name, None)
    if not callable(function):
        own = [n for n, value in vars(module).items() if callable(value) and getattr(value, "__module__", "") == MODULE]
        raise PellucidError(f"{spec}: no function {name} in {path}; functions: {listing(own) or 'none'}")
    return function


def split_spec(spec: str, option: str = "--spec") -> tuple[Path, str]:
    """The file and the function. Raises `PellucidError` for anything but `FILE.py:function`, naming the option."""
    path, sign, name = spec.rpartition(":")
    if not sign or not name.isidentifier() or not path:
        other = ", or task" if option == "--spec" else ""
        raise PellucidError(f"{option} {spec}: expected FILE.py:function{other}")
    return Path(path), name


def run_file(path: Path, source: str | ast.Module, names: dict[str, Any] | None = None) -> ModuleType:
    """A Python file executed as a module of its own; what lies beside it can be imported.

    Args:
        names: given to the module before it runs.

    Raises:
        PellucidError: the file fails.
    """
    module = ModuleType(MODULE)
    module.__file__ = str(path)
    module.__dict__.update(names or {})
    place = str(path.absolute().parent)
    sys.modules[MODULE] = module  # dataclasses look their module up
    sys.path.insert(0, place)
    try:
        exec(compile(source, str(path), "exec"), module.__dict__)
    except Exception as error:  # noqa: BLE001  # whatever is in the user's file
        where = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise PellucidError(f"{path}{where}: cannot be executed: {type(error).__name__}: {error}") from None
    finally:
        sys.path.remove(place)
    return module
