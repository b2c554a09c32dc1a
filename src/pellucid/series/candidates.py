"""Numeric programs that a run found, compared: exact ones first, then by error, then by size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pellucid.errors import PellucidError
from pellucid.numeric import FoundProgram, SeriesProblem
from pellucid.program.numeric import NumericProgram, outputs
from pellucid.program.numeric.emit import emit
from pellucid.program.numeric.serialise import from_json, to_json
from pellucid.program.size import ast_nodes
from pellucid.series.scores import score

Scores = Mapping[str, float]
FRONT = 12  # candidates kept in `front.json` at most


@dataclass(frozen=True)
class SeriesCandidate:
    """A program in its final form with its figures on all parts of the data and on longer sequences."""

    found: FoundProgram
    program: NumericProgram
    nodes: int
    scores: Mapping[str, Scores]
    longer: Mapping[str, Scores]

    @property
    def exact(self) -> bool:
        """Whether no output of any data is wrong."""
        return all(s["token"] == 1.0 for s in (*self.scores.values(), *self.longer.values()))

    @property
    def rank(self) -> tuple:
        """Larger is better: right on validation and longer data, small errors (a tenth of a decade counts), size.

        Exact ones are equals: the learners give them the plainest first.
        """
        judged = [self.scores["valid"], *self.longer.values()]
        right = sum(s["token"] for s in judged) / len(judged)
        error = max(self.scores["valid"]["mse"], 1e-30)
        decade = -round(math.log10(error), 1) if math.isfinite(error) else -99
        return (self.exact, round(right, 3), decade, 0 if self.exact else -self.nodes)

    def to_json(self) -> dict[str, Any]:
        """The row of `front.json`."""
        return {
            "learner": self.found.learner,
            "exact": self.exact,
            "ast_nodes": self.nodes,
            **{part: dict(figures) for part, figures in self.scores.items()},
            "longer": {name: dict(figures) for name, figures in self.longer.items()},
            "program": to_json(self.program),
        }


def judged(found: FoundProgram, program: NumericProgram, problem: SeriesProblem) -> SeriesCandidate:
    """A program with its figures."""
    parts = {"train": problem.train, "valid": problem.valid, "test": problem.test}
    scores = {name: score(outputs(program, part.inputs), part) for name, part in parts.items()}
    longer = {name: score(outputs(program, part.inputs), part) for name, part in problem.longer.items()}
    return SeriesCandidate(found, program, ast_nodes(emit(program)), scores, longer)


def front(candidates: Sequence[SeriesCandidate]) -> list[SeriesCandidate]:
    """Those that no other beats in size and rightness at once; the smallest first."""
    rows: list[SeriesCandidate] = []
    for c in sorted(candidates, key=lambda c: (c.nodes, [-float(x) for x in c.rank])):
        if not any(r.rank[:3] >= c.rank[:3] for r in rows):
            rows.append(c)
    return rows[-FRONT:]


def table(rows: Sequence[Mapping[str, Any]], chosen: int) -> str:
    """The front as text, an arrow at the chosen row; rows as in `front.json`."""
    longer = list(dict.fromkeys(name for row in rows for name in row["longer"]))
    lines = [["", "#", "nodes", "right (valid)", "mse", *(f"right at {n}" for n in longer), "exact", "learner"]]
    for i, row in enumerate(rows, 1):
        beyond = [f"{row['longer'][n]['token']:.2%}" if n in row["longer"] else "-" for n in longer]
        right = [f"{row['valid']['token']:.2%}", f"{row['valid']['mse']:.3g}"]
        mark, exact = "->" if i == chosen else "", "yes" if row["exact"] else "no"
        lines.append([mark, str(i), str(row["ast_nodes"]), *right, *beyond, exact, row["learner"]])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  " + "  ".join(cell.rjust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def program_of(row: Mapping[str, Any], where: str) -> NumericProgram:
    """The program in a row of `front.json`."""
    try:
        return from_json(row["program"])
    except (KeyError, ValueError) as error:
        raise PellucidError(f"{where}: {error}") from None
