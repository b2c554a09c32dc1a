"""A user's Python function that gives the right output for an input, loaded from a file and checked call by call."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from pellucid.data.files import read_text
from pellucid.data.tokens import Kind, Token
from pellucid.errors import PellucidError
from pellucid.program.interpret import predict
from pellucid.program.ir import Program
from pellucid.values import as_token, is_sequence, listing, show

OUTSIDE = object()  # the oracle has no answer to an input


class Reference(Protocol):
    """What a program is compared with."""

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    def answers(self, inputs: Sequence[tuple[Token, ...]]) -> list:
        """The right output of each input, `OUTSIDE` where there is none."""
        ...


@dataclass(frozen=True)
class Oracle:
    """A function with the name it has in messages.

    `function` takes a list of tokens and returns a list with a label per token (None: not scored), or one label for a
    classifier. It may raise ValueError where an input is outside its domain.
    """

    name: str
    function: Callable[[list], Any]
    kind: Kind

    def __call__(self, sequence: Sequence[Token]) -> Any:
        """The right output: a list, or a label; OUTSIDE where the function raises ValueError or gives None.

        Raises:
            PellucidError: it raises anything else, or answers in the wrong form.
        """
        try:
            found = self.function(list(sequence))
            return self.checked(found, len(sequence))
        except PellucidError as error:
            raise PellucidError(f"{self.name}: on input {show(list(sequence))}: {error}") from None
        except ValueError:
            return OUTSIDE
        except Exception as error:  # noqa: BLE001  # whatever the user's function raises is theirs
            told = f"{type(error).__name__}: {error}"
            raise PellucidError(f"{self.name}: raised {told} on input {show(list(sequence))}") from None

    def answers(self, inputs: Sequence[Sequence[Token]]) -> list:
        """The right output of each input."""
        return [self(sequence) for sequence in inputs]

    def checked(self, found: Any, length: int) -> Any:
        """The function's answer as plain tokens."""
        if self.kind == "classification":
            if is_sequence(found):
                raise PellucidError(f"returned {show(found)}; expected one label")
            return OUTSIDE if found is None else as_token(found)
        if isinstance(found, str | bytes | dict) or not hasattr(found, "__iter__"):
            raise PellucidError(f"returned {show(found)}; expected a list of {length} labels")
        labels = list(found.tolist() if hasattr(found, "tolist") else found)
        if len(labels) != length:
            raise PellucidError(f"returned {len(labels)} labels; expected {length}, one per token")
        return [None if label is None else as_token(label) for label in labels]


def differs(told: Any, right: Any) -> bool:
    """Whether an output is wrong; OUTSIDE, and None at a position, are right whatever it is."""
    if right is OUTSIDE:
        return False
    if not isinstance(right, list):
        return told != right
    return any(b is not None and a != b for a, b in zip(told, right, strict=True))


class OtherProgram:
    """Another program as what is right.

    Raises:
        PellucidError: it is for other tokens, or of another kind.
    """

    def __init__(self, program: Program, other: Program, name: str) -> None:
        mine, theirs = program.vocab, other.vocab
        if mine.kind != theirs.kind:
            raise PellucidError(f"{name}: is for {theirs.kind}; the other program for {mine.kind}")
        if mine.tokens != theirs.tokens:
            raise PellucidError(f"{name}: is for the tokens {listing(theirs.tokens, 5)}; both must be for the same")
        self.program, self.name = other, name

    def answers(self, inputs: Sequence[tuple[Token, ...]]) -> list:
        """What it says to each input."""
        return predict(self.program, inputs)


def load_oracle(spec: str, kind: Kind) -> Oracle:
    """The function `FILE.py:function`. The file is executed.

    Raises:
        PellucidError: no such file or function, or the file fails.
    """
    path, sign, name = spec.rpartition(":")
    if not sign or not name.isidentifier() or not path:
        raise PellucidError(f"--spec {spec}: expected FILE.py:function, or task")
    module = run_file(Path(path), read_text(path))
    function = getattr(module, name, None)
    if not callable(function):
        own = [n for n, value in vars(module).items() if callable(value) and getattr(value, "__module__", "") == SPEC]
        raise PellucidError(f"--spec {spec}: no function {name} in {path}; functions: {listing(own) or 'none'}")
    return Oracle(f"{Path(path).name}:{name}", function, kind)


SPEC = "pellucid_spec"  # name of the module while it is loaded


def run_file(path: Path, source: str | ast.Module, names: dict[str, Any] | None = None) -> ModuleType:
    """A Python file executed as a module of its own; what lies beside it can be imported.

    Args:
        names: given to the module before it runs.
    """
    module = ModuleType(SPEC)
    module.__file__ = str(path)
    module.__dict__.update(names or {})
    place = str(path.absolute().parent)
    sys.modules[SPEC] = module  # dataclasses look their module up
    sys.path.insert(0, place)
    try:
        exec(compile(source, str(path), "exec"), module.__dict__)
    except Exception as error:  # noqa: BLE001  # whatever is in the user's file
        where = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise PellucidError(f"{path}{where}: cannot be executed: {type(error).__name__}: {error}") from None
    finally:
        sys.path.remove(place)
    return module
