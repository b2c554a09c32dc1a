"""Programs that a run found, compared on validation and longer data, and the table of those worth showing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pellucid.data.data import Data
from pellucid.emit.emit import ast_nodes, emit
from pellucid.errors import PellucidError
from pellucid.language.json import from_json, to_json
from pellucid.language.program import Program
from pellucid.problem import Model, Problem
from pellucid.semantics.batch import predict
from pellucid.semantics.scores import figures
from pellucid.values import counted

Scores = Mapping[str, float]
T = TypeVar("T")
SIMPLE = "simple"  # the learner of what all others must be better than, by twice a standard error
FEW = 30  # validation examples
FRONT = 12  # candidates kept in `front.json` at most
NEARLY = 0.005  # accuracy that a compact program may be behind the best one


@dataclass(frozen=True)
class Candidate:
    """A program in its final form: where it comes from, how large it is, how right on all parts of the data.

    Args:
        learner: which found it. model: what it was read off, None where the program is the model.
        program: simplified, with readable names.
        nodes: AST nodes of its text.
        scores: figures by part; those on test data are told to the reader and never choose.
        longer: figures on longer inputs, by what they are; None for those that it refuses.
        examples: how many validation examples there are; scores have no entry of a part without examples.
        given_up: what a simplification that changes the function cost; None where it preserves it.
    """

    learner: str
    model: Model | None
    program: Program
    nodes: int
    scores: Mapping[str, Scores]
    longer: Mapping[str, Scores | None]
    examples: int
    given_up: Mapping[str, Any] | None = None
    found_after: float = 0.0
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def exact(self) -> bool:
        """Whether no output is wrong in training, in validation, or on longer inputs."""
        told = [self.scores["train"], self.scores["valid"], *self.longer.values()]
        return all(score is not None and score["token"] == 1.0 for score in told)

    @property
    def quality(self) -> float:
        """What comes first: F1 of entities, or the share of right outputs; of inexact real numbers minus the decade of
        their error, a tenth of which counts, below all shares. Few validation examples say little: the worse of
        training and validation counts then."""
        valid, train = self.scores["valid"], self.scores["train"]
        if "mse" in valid and valid["token"] < 1.0:
            error = max(valid["mse"], 1e-30)
            return -round(math.log10(error), 1) - 100 if math.isfinite(error) else -1e3
        told = valid.get("f1", valid["token"])
        return told if self.examples >= FEW else min(told, train.get("f1", train["token"]))

    @property
    def reach(self) -> float:
        """Mean accuracy on longer inputs, 0 for those that it refuses."""
        shares = [0.0 if score is None else score["token"] for score in self.longer.values()]
        return round(sum(shares) / len(shares), 3) if shares else 0.0

    @property
    def rank(self) -> tuple[float, float, float, int]:
        """Larger is better."""
        return (self.quality, self.scores["valid"]["sequence"], self.reach, -self.nodes)

    def to_json(self) -> dict[str, Any]:
        """The row of `front.json`."""
        return {
            "learner": self.learner,
            "ast_nodes": self.nodes,
            "exact": self.exact,
            **{part: dict(score) for part, score in self.scores.items()},
            "longer": {name: None if score is None else dict(score) for name, score in self.longer.items()},
            "given_up": None if self.given_up is None else dict(self.given_up),
            "program": to_json(self.program),
        }


def judged(learner: str, model: Model | None, program: Program, problem: Problem, **rest: Any) -> Candidate:
    """A candidate with its figures.

    A program that was fitted to the validation data, too, is judged there by the same settings fitted to the training
    data alone (`before_refit` among the details).
    """
    parts = problem.splits.parts()
    scores = {name: _figures(program, part) for name, part in parts.items() if len(part)}
    if (before := rest.get("details", {}).get("before_refit")) is not None:
        scores["valid"] = _figures(before, parts["valid"])
    longer = {name: _longer(program, data) for name, data in problem.longer.items()}
    return Candidate(learner, model, program, ast_nodes(emit(program)), scores, longer, len(parts["valid"]), **rest)


def _figures(program: Program, data: Data) -> Scores:
    return figures(predict(program, data.sequences), data.outputs, data.schema.when)


def _longer(program: Program, data: Data) -> Scores | None:
    try:
        return _figures(program, data)
    except PellucidError:  # it does not take inputs so long
        return None


def best_of(candidates: Sequence[Candidate], how: str) -> Candidate:
    """The best one: the plainest that is no worse than the best by more than chance.

    Within one standard error of the best on validation data (Breiman et al., 1984) an earlier learner is plainer than a
    later one, and among those of one learner the better one wins, then the shorter. Of programs without any error, on
    training data too, the shortest wins, whoever found it. With `compact` the smallest.
    """
    best = max(candidates, key=lambda c: c.rank)
    if how == "compact":
        return _smallest(candidates, best)
    if exact := [c for c in candidates if c.exact]:
        return max(exact, key=lambda c: c.rank)
    as_good = [c for c in candidates if _as_good(c, best)]
    first = as_good[0].learner
    return max((c for c in as_good if c.learner == first or best.quality == 1.0), key=lambda c: c.rank)


def _as_good(c: Candidate, best: Candidate) -> bool:
    if best.quality < 0 or best.quality >= 1.0:  # real numbers, or nothing wrong: no chance about it
        return c.rank[:3] >= best.rank[:3]
    error = (max(best.quality * (1 - best.quality), 1e-9) / best.examples) ** 0.5
    return c.quality >= best.quality - (2 if c.learner == SIMPLE else 1) * error and c.reach >= best.reach


def _smallest(candidates: Sequence[Candidate], best: Candidate) -> Candidate:
    """The smallest as good on validation data as the program before, and nearly as good as the best."""
    exact = max((c for c in candidates if c.given_up is None), key=lambda c: c.rank)
    valid = exact.scores["valid"]
    least = {key: max(valid[key], best.scores["valid"][key] - NEARLY) for key in ("token", "sequence")}
    equal = [c for c in candidates if all(c.scores["valid"][k] >= least[k] for k in least) and c.reach >= exact.reach]
    return min(equal or [best], key=lambda c: (c.nodes, [-x for x in c.rank[:3]]))


def front(candidates: Sequence[Candidate], best: Candidate, kept: Sequence[Candidate] = ()) -> list[Candidate]:
    """Those that no other beats in size, accuracy and accuracy on longer inputs at once, and those kept anyhow."""
    rows, needed = list[Candidate](), [best, *kept]
    for c in sorted(candidates, key=lambda c: (c.nodes, [-x for x in c.rank[:3]])):
        if any(c is one for one in needed) or not any(_beats(row, c) for row in rows):
            rows.append(c)
    spare = [row for row in rows if all(row is not one for one in needed)][: max(0, len(rows) - FRONT)]
    return [row for row in rows if all(row is not one for one in spare)]


def _beats(one: Candidate, other: Candidate) -> bool:
    """Whether it is no less right in any way."""
    return all(a >= b for a, b in zip(one.rank[:3], other.rank[:3], strict=True))


def numbered(rows: Sequence[T], number: int) -> T:
    """The row of `--pick NUMBER`.

    Raises:
        PellucidError: there is none.
    """
    if number > len(rows):
        raise PellucidError(f"--pick {number}: there {'is' if len(rows) == 1 else 'are'} {counted(rows, 'candidate')}")
    return rows[number - 1]


def table(rows: Sequence[Mapping[str, Any]], chosen: int, judged_on: str = "valid") -> str:
    """The front as text, an arrow at the chosen row; rows as in `front.json`. judged_on: what to call their figures."""
    longer = list(dict.fromkeys(name for row in rows for name in row["longer"]))
    several = any(row["valid"]["token"] != row["valid"]["sequence"] for row in rows)
    told = {"token": judged_on if not several else f"{judged_on} tokens"} | (
        {"sequence": "sequences"} if several else {}
    )
    told |= {key: name for key, name in (("f1", "entity F1"), ("mse", "mse")) if all(key in r["valid"] for r in rows)}
    lines = [["", "#", "nodes", *told.values(), *(f"at {name}" for name in longer), "learner"]]
    for i, row in enumerate(rows, 1):
        scores = [row["longer"].get(name) for name in longer]
        beyond = ["refused" if score is None else f"{score['token']:.2%}" for score in scores]
        valid = [f"{row['valid'][key]:.3g}" if key == "mse" else f"{row['valid'][key]:.2%}" for key in told]
        mark = "->" if i == chosen else ""
        lines.append([mark, str(i), str(row["ast_nodes"]), *valid, *beyond, row["learner"]])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  " + "  ".join(cell.rjust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def program_of(row: Mapping[str, Any], where: str) -> Program:
    """The program in a row of `front.json`."""
    try:
        return from_json(row["program"])
    except (KeyError, ValueError) as error:
        raise PellucidError(f"{where}: {error}") from None
