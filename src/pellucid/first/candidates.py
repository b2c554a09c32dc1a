"""Programs that a run found, compared: accuracy first, then accuracy on longer inputs, then size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pellucid.data import Dataset, Kind, Vocab
from pellucid.errors import PellucidError
from pellucid.old_problem import Problem
from pellucid.program.emit import emit
from pellucid.program.interpret import predict
from pellucid.program.ir import Program, ProgramError
from pellucid.program.scores import figures
from pellucid.program.serialise import from_json, to_json
from pellucid.program.size import ast_nodes

Scores = Mapping[str, float]
NEARLY = 0.005  # accuracy
FRONT = 12  # candidates kept in `front.json` at most


class Fitted(Protocol):
    """A trained model that a program can be read off."""

    def extract(self, vocab: Vocab) -> Program:
        """The program."""
        ...

    def predictor(self, vocab: Vocab) -> Any:
        """The model itself, from inputs to outputs."""
        ...

    def files(self, vocab: Vocab) -> dict[str, str | bytes]:
        """Model files by name."""
        ...


@dataclass(frozen=True)
class Candidate:
    """A simplified program: where it comes from, how large it is, how right on validation data and on longer inputs.

    refused: longer inputs that it does not take, by what they are. test: told to the reader, never used to choose.
    given_up: what a simplification that changes the function cost; None where it preserves it.
    """

    learner: str
    fitted: Fitted
    program: Program
    nodes: int
    valid: Scores
    longer: Mapping[str, Scores]
    found_after: float
    test: Scores = field(default_factory=dict)
    refused: Sequence[str] = ()
    given_up: Mapping[str, Any] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rank(self) -> tuple[float, float, float, int]:
        """Larger is better; F1 comes first where the labels are entity tags."""
        first = self.valid.get("f1", self.valid["token"])
        return (first, self.valid["sequence"], self.reach, -self.nodes)

    @property
    def reach(self) -> float:
        """Mean accuracy on longer inputs, 0 for a program that refuses them."""
        shares = [score["token"] for score in self.longer.values()]
        return round(sum(shares) / len(shares), 3) if shares else 0.0

    def to_json(self) -> dict[str, Any]:
        """The row of `front.json`."""
        return {
            "learner": self.learner,
            "ast_nodes": self.nodes,
            "valid": dict(self.valid),
            "test": dict(self.test),
            "longer": {**{name: dict(score) for name, score in self.longer.items()}, **dict.fromkeys(self.refused)},
            "given_up": None if self.given_up is None else dict(self.given_up),
            "program": to_json(self.program),
        }


def judged(
    learner: str, fitted: Fitted, program: Program, problem: Problem, found_after: float, **rest: Any
) -> Candidate:
    """A candidate with its figures.

    A model that was fitted to the validation data, too, brings its own figures on it (`valid`): those of the same
    settings fitted to the training data alone.
    """
    splits = problem.splits
    valid = getattr(fitted, "valid", None) or figures(predict(program, splits.valid.inputs), splits.valid)
    test = figures(predict(program, splits.test.inputs), splits.test)
    nodes = ast_nodes(emit(program))
    beyond = longer_scores(program, problem.longer)
    refused = () if program.unbounded else tuple(problem.longer)
    return Candidate(learner, fitted, program, nodes, valid, beyond, found_after, test, refused, **rest)


def longer_scores(program: Program, longer: Mapping[str, Dataset]) -> dict[str, Scores]:
    """Accuracy on inputs longer than in training; nothing for a program that refuses them."""
    found = {}
    for name, data in longer.items() if program.unbounded else ():
        try:
            found[name] = figures(predict(program, data.inputs), data)
        except (PellucidError, ProgramError):
            found[name] = {"token": 0.0, "sequence": 0.0}
    return found


def best_of(candidates: Sequence[Candidate], how: str) -> Candidate:
    """The best: accuracy, then accuracy on longer inputs, then size.

    With `compact` the smallest as good on validation data as the program before, and nearly as good as the best.
    """
    best = max(candidates, key=lambda c: c.rank)
    if how != "compact":
        return best
    exact = max((c for c in candidates if c.given_up is None), key=lambda c: c.rank)
    least = {key: max(exact.valid[key], best.valid[key] - NEARLY) for key in exact.valid}
    equal = [c for c in candidates if all(c.valid[k] >= least[k] for k in least) and c.reach >= exact.reach] or [best]
    return min(equal, key=lambda c: (c.nodes, [-x for x in c.rank[:3]]))


def best_of_texts(candidates: Sequence[Candidate], how: str, examples: int) -> Candidate:
    """The best on validation data, by more than chance where it is not a searched one: those are plainer.

    With `compact`, the smallest within one standard error of the best (Breiman et al., 1984).

    Args:
        candidates: some. how: the simplification asked for. examples: how many the validation data holds.
    """
    best = max(candidates, key=lambda c: c.rank)
    figure = best.rank[0]
    least = figure - (max(figure * (1 - figure), 1e-9) / examples) ** 0.5
    as_good = [c for c in candidates if c.rank[0] >= least]
    if how == "compact":
        return min(as_good, key=lambda c: c.nodes)
    return max([c for c in as_good if c.learner == "search"] or [best], key=lambda c: c.rank)


def front(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those that no other beats in size, accuracy and accuracy on longer inputs at once; the smallest first."""
    rows: list[Candidate] = []
    for c in sorted(candidates, key=lambda c: (c.nodes, [-x for x in c.rank[:3]])):
        if not any(all(a >= b for a, b in zip(r.rank[:3], c.rank[:3], strict=True)) for r in rows):
            rows.append(c)
    return rows[-FRONT:]


def table(rows: Sequence[Mapping[str, Any]], chosen: int, kind: Kind = "tagging") -> str:
    """The front as text, an arrow at the chosen row; rows as in `front.json`. A classifier has one accuracy."""
    longer = list(dict.fromkeys(name for row in rows for name in row["longer"]))
    told = {"token": "valid tokens", "sequence": "sequences"} if kind == "tagging" else {"token": "valid accuracy"}
    told |= {"f1": "entity F1"} if all("f1" in row["valid"] for row in rows) else {}
    head = ["", "#", "nodes", *told.values(), *(f"at {name}" for name in longer), "learner"]
    lines = [head]
    for i, row in enumerate(rows, 1):
        scores = [row["longer"].get(name) for name in longer]
        beyond = ["refused" if score is None else f"{score['token']:.2%}" for score in scores]
        valid = [f"{row['valid'][key]:.2%}" for key in told]
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
