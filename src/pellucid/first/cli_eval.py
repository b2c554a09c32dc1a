"""Commands that run a learned program: `eval` on a data file, `run` on what is typed or comes on standard input."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pellucid.errors import PellucidError

if TYPE_CHECKING:
    from pellucid.evaluation import Evaluation
    from pellucid.learned import Learned

AT_ONCE = 1000  # texts of standard input that are run together, which is far quicker than one by one


@click.command("eval")
@click.argument("learned", type=click.Path(path_type=Path))
@click.argument("data", type=str)
@click.option("--details", is_flag=True, help="Interval, classes and confusion; texts always have them.")
@click.option("--column", type=int, help="Texts: labels in a CoNLL file, from 1, or -1.  [default: the last]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(learned: Path, data: str, details: bool, column: int | None, as_json: bool) -> None:
    """Accuracy of LEARNED (a folder, or a program.py) on a DATA file.

    Of texts: with a bootstrap interval, precision, recall and F1 of every class (or type of entity), and which labels
    are taken for which. DATA has the form of the data it was learned from.
    """
    from pellucid.scripts import evaluate_script, evaluate_script_on_texts, on_numbers, on_texts

    script = learned.suffix == ".py"
    if script and on_numbers(learned):
        _only(details, column, "numbers")
        _evaluate_numbers(learned, data, as_json)
        return
    model = None if script else load_any(learned)
    if model is not None and of_numbers(model):
        from pellucid.series.commands import evaluate as evaluate_series

        _only(details, column, "numbers")
        evaluate_series(model, data, as_json)
        return
    texts = on_texts(learned) if model is None else model.vocab.text is not None
    if not texts:
        _only(False, column, "symbols")
    if model is None:
        run = evaluate_script_on_texts if texts else evaluate_script
        found = run(learned, data, *([-1 if column is None else column] if texts else []))
    else:
        found = _on_texts(model, data, -1 if column is None else column) if texts else _on_symbols(model, data)
    _tell(found, details or texts, as_json)


def _tell(found: Evaluation, details: bool, as_json: bool) -> None:
    from pellucid.evaluation import scored

    if details and found.unknown:
        click.echo(found.warning(), err=True)
    if as_json:
        click.echo(json.dumps(found.to_json() if details else dict(found.figures)))
    else:
        click.echo(str(found) if details else scored(found.figures, found.kind))


def _only(details: bool, column: int | None, what: str) -> None:
    """Refuse options that mean nothing here."""
    if details:
        raise PellucidError(f"--details: not for a program on {what}")
    if column is not None:
        raise PellucidError(f"--column: for programs on texts; this one is on {what}")


def _evaluate_numbers(path: Path, data: str, as_json: bool) -> None:
    from pellucid.scripts import evaluate_numbers

    figures = evaluate_numbers(path, data)
    click.echo(json.dumps(figures) if as_json else " ".join(f"{k} {v:.6g}" for k, v in figures.items()))


def _on_symbols(model: Learned, data: str) -> Evaluation:
    from pellucid.data import read_file
    from pellucid.evaluation import Evaluation
    from pellucid.first.given import fitting_data, same_kind

    examples = read_file(data)
    same_kind(data, examples, model.vocab.kind)
    matched = fitting_data(model.vocab, data, examples, _unbounded(model))
    return Evaluation.of(model.outputs(matched.inputs), matched, model.vocab.labels)


def _on_texts(model: Learned, data: str, column: int) -> Evaluation:
    from pellucid.evaluation import Evaluation
    from pellucid.first.given import fitting_texts

    _, matched = fitting_texts(model.vocab, data, column)
    return Evaluation.of(model.outputs(matched.inputs), matched, model.vocab.labels)


# ---------------------------------------------------------------- run


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("learned", type=click.Path(path_type=Path))
@click.argument("tokens", nargs=-1, type=click.UNPROCESSED)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per sequence, or per text.")
def run(learned: Path, tokens: tuple[str, ...], as_json: bool) -> None:
    """Run LEARNED on TOKENS, or on standard input: one JSON list per line.

    A program that reads texts takes TOKENS as one raw text, and on standard input a JSON string, a raw text, or a JSON
    list of words a line. One that labels words prints a word and its label a line.
    """
    from pellucid.first.given import fitting

    model = load_any(learned)
    if of_numbers(model):
        from pellucid.series.commands import run as run_series

        run_series(model, tokens, _stdin_sequences(), as_json)
        return
    if model.vocab.text is not None:
        _run_texts(model, [("", " ".join(tokens))] if tokens else _stdin_sequences(texts=True), bool(tokens), as_json)
        return
    sequences = [("", list(tokens))] if tokens else list(_stdin_sequences())
    for place, sequence in sequences:
        try:
            output = model.run(fitting(model.vocab, sequence, _unbounded(model)))
        except PellucidError as error:
            raise PellucidError(f"{place}{error}") from None
        if as_json:
            click.echo(json.dumps({"input": sequence, "output": output}))
        elif tokens:
            click.echo(" ".join(map(str, output)) if isinstance(output, list) else str(output))
        else:
            click.echo(json.dumps(output))


def _run_texts(model: Learned, texts: Iterable[tuple[str, Any]], typed: bool, as_json: bool) -> None:
    """Texts one after the other; the outputs before a text that is refused are printed."""
    from pellucid.first.given import reading, words_as_written

    every = _until_error(texts)
    while part := list(islice(every, AT_ONCE)):
        read, failed = [], None
        for place, text in part:
            try:
                if isinstance(text, PellucidError):
                    raise text
                read.append(reading(model.vocab, text))
            except PellucidError as error:
                failed = PellucidError(f"{place}{error}")
                break
        given = [text for _, text in part[: len(read)]]
        for text, output in zip(given, model.outputs(read) if read else [], strict=True):
            words = words_as_written(model.vocab, text)
            if as_json:
                click.echo(json.dumps({"input": text, "words": words, "output": output}))
            elif isinstance(output, list):
                click.echo(_side_by_side(words, output) + ("" if typed else "\n"))
            else:
                click.echo(str(output) if typed else json.dumps(output))
        if failed is not None:
            raise failed


def _until_error(texts: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The texts; an error in reading them comes last, in the place of a text."""
    try:
        yield from texts
    except PellucidError as error:
        yield "", error


def _side_by_side(words: list[str], labels: list[Any]) -> str:
    """A word and its label a line, as in CoNLL files."""
    from rich.cells import cell_len

    size = max(map(cell_len, words))
    pairs = zip(words, labels, strict=True)
    return "\n".join(f"{word}{' ' * (size - cell_len(word))}  {label}" for word, label in pairs)


def _stdin_sequences(texts: bool = False) -> Iterator[tuple[str, Any]]:
    """Every sequence, or text, with the beginning of a message about it."""
    for number, line in enumerate(sys.stdin, 1):
        place = f"standard input, line {number}: "
        if line.strip():
            try:
                sequence = json.loads(line)
            except (ValueError, RecursionError) as error:
                hint = '; expected a JSON string, as "a text", or a list of words' if texts else ""
                raise PellucidError(f"{place}not JSON: {error}{hint}") from None
            if not isinstance(sequence, list) and not (texts and isinstance(sequence, str)):
                form = "a JSON string or a JSON list" if texts else "a JSON list"
                raise PellucidError(f"{place}expected {form}, got {line.strip()[:40]!r}")
            yield place, sequence


# ---------------------------------------------------------------- folders


def load_any(path: Path) -> Any:
    """What a folder holds, of whichever kind."""
    from pellucid.learned import load

    return load(path)


def of_numbers(model: Any) -> bool:
    """Whether it is a program on numbers."""
    from pellucid.series.learned import LearnedSeries

    return isinstance(model, LearnedSeries)


def _unbounded(model: Learned) -> bool:
    """Whether it takes inputs longer than those it was learned from."""
    return model.program is not None and model.program.unbounded
