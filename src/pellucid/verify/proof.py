"""Proofs for every input up to a length, also where there are far too many to try: with z3, or by trying them all.

Short inputs are tried one by one. Beyond that the program becomes a formula of unknown inputs (`symbolic.encode`). A
Python spec is run on unknown values along every path it can take (`symbolic.unknown`); on each path z3 looks for an
input on which program and spec differ. None on any path: proved. What is not proved is said to be not proved.

No path is taken on trust: on each, an input that takes it is also run through the program and the spec themselves.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

from pellucid.errors import PellucidError
from pellucid.language.program import Program
from pellucid.semantics import domain
from pellucid.verify.spec import compared, smallest, told
from pellucid.verify.symbolic.questions import AgainstProgram as AgainstProgram
from pellucid.verify.symbolic.questions import Question, column_type
from pellucid.verify.symbolic.questions import against_file as against_file
from pellucid.verify.symbolic.questions import against_function as against_function
from pellucid.verify.symbolic.terms import UnsupportedError, load
from pellucid.verify.symbolic.unknown import TimeUpError

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
