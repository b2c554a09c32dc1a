"""Commands that run a learned program or simple models: `run`, `eval`, `baseline`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pellucid.errors import PellucidError

if TYPE_CHECKING:
    from pellucid.artifact import Learned

AT_ONCE = 1000  # inputs of standard input that are run together, which is far quicker than one by one
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
TAG = click.option("--tag", default=-1, show_default=True, help="Labels in a CoNLL file: from 1, or -1 for the last.")


@click.command("eval")
@click.argument("learned", type=click.Path(path_type=Path))
@click.argument("data", type=str)
@click.option("--details", is_flag=True, help="Interval, classes and confusion.")
@TAG
@AS_JSON
def evaluate(learned: Path, data: str, details: bool, tag: int, as_json: bool) -> None:
    """Accuracy of LEARNED (a folder, or a program.py) on a DATA file of the form of the data it was learned from.

    DATA may be `task`: fresh inputs of the built-in task that LEARNED was learned from. With --details, a bootstrap
    interval, precision, recall and F1 of every class (or type of entity), and which labels are taken for which.
    """
    from pellucid.explain.evaluation import told
    from pellucid.given import evaluated

    found = evaluated(learned, data, tag)
    if found.unknown:
        click.echo(found.warning(), err=True)
    if as_json:
        click.echo(json.dumps(found.to_json() if details else dict(found.figures)))
    else:
        click.echo(str(found) if details else told(found.figures, found.when))


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("learned", type=click.Path(path_type=Path))
@click.argument("tokens", nargs=-1, type=click.UNPROCESSED)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per sequence, or per text.")
def run(learned: Path, tokens: tuple[str, ...], as_json: bool) -> None:
    """Run LEARNED on TOKENS, or on standard input: one JSON list per line.

    Of several columns, a step is 1,2. A program that reads texts takes TOKENS as one raw text, and on standard input a
    JSON string or a JSON list of words a line; one that labels words prints a word and its label a line.
    """
    from pellucid.given import typed
    from pellucid.loading import load

    model = load(learned)
    texts = model.schema.words is not None
    if tokens:
        sequence = typed(model.schema, tokens)
        _print(model, sequence, model.run(sequence), True, as_json)
        return
    every = _stdin(texts)
    while part := list(islice(every, AT_ONCE)):
        given, failed = [sequence for _, sequence in part if not isinstance(sequence, PellucidError)], None
        if len(given) < len(part):
            failed = part[len(given)][1]
        for place, sequence, output in _outputs(model, part[: len(given)]):
            if isinstance(output, PellucidError):
                raise PellucidError(f"{place}{output}")
            _print(model, sequence, output, False, as_json)
        if failed is not None:
            raise failed


def _outputs(model: Learned, part: list[tuple[str, Any]]) -> Iterator[tuple[str, Any, Any]]:
    """Each input with its output, or with what was wrong with it; all at once where nothing is."""
    try:
        outputs = model.outputs([sequence for _, sequence in part])
    except PellucidError:
        for place, sequence in part:
            try:
                yield place, sequence, model.run(sequence)
            except PellucidError as error:
                yield place, sequence, error
        return
    for (place, sequence), output in zip(part, outputs, strict=True):
        yield place, sequence, output


def _print(model: Learned, sequence: Any, output: Any, typed: bool, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"input": sequence, "output": output}))
    elif model.schema.words is not None and isinstance(output, list):
        click.echo(_side_by_side(model.schema.words.words.written(sequence), output) + ("" if typed else "\n"))
    elif typed:
        rows = output if isinstance(output, list) and model.schema.when == "every" else [output]
        click.echo(" ".join(",".join(map(str, row)) if isinstance(row, list) else str(row) for row in rows))
    else:
        click.echo(json.dumps(output))


def _side_by_side(words: Sequence[Any], labels: list[Any]) -> str:
    """A word and its label a line, as in CoNLL files."""
    from rich.cells import cell_len

    size = max(map(cell_len, words))
    pairs = zip(words, labels, strict=True)
    return "\n".join(f"{word}{' ' * (size - cell_len(word))}  {label}" for word, label in pairs)


def _stdin(texts: bool) -> Iterator[tuple[str, Any]]:
    """Every sequence, or text, with the beginning of a message about it; an error in reading comes last."""
    for number, line in enumerate(sys.stdin, 1):
        place = f"standard input, line {number}: "
        if not line.strip():
            continue
        try:
            sequence = json.loads(line)
        except (ValueError, RecursionError) as error:
            hint = '; expected a JSON string, as "a text", or a list of words' if texts else ""
            yield place, PellucidError(f"{place}not JSON: {error}{hint}")
            return
        if not isinstance(sequence, list) and not (texts and isinstance(sequence, str)):
            form = "a JSON string or a JSON list" if texts else "a JSON list"
            yield place, PellucidError(f"{place}expected {form}, got {line.strip()[:40]!r}")
            return
        yield place, sequence


@click.command()
@click.argument("data", type=str)
@click.option("--test", type=str, help="Data to judge on; split off DATA if missing, as `learn` does.")
@click.option("--seed", default=0, show_default=True, help="Of the split and of the confidence intervals.")
@TAG
@AS_JSON
def baseline(data: str, test: str | None, seed: int, tag: int, as_json: bool) -> None:
    """What simple models reach on a DATA file: majority, one symbol at a time, naive Bayes; of numbers the mean.

    Without --test, the baselines are judged on the tenth of DATA on which `learn` with the same seed judges its
    program, and fitted to the rest.
    """
    from pellucid.baseline import baselines, table
    from pellucid.data.readers import Options
    from pellucid.resolve import resolve

    if seed < 0:
        raise PellucidError(f"--seed {seed}: expected 0 or more")
    # the test file as validation data too: then nothing is split off, and all of DATA is there to learn from
    splits = resolve(data, seed=seed, valid=test, test=test, options=Options(column=tag)).splits
    train = splits.train if test is not None else splits.train + splits.valid
    rows = baselines(train, splits.test, seed)
    when = train.schema.when
    if as_json:
        shown: dict[str, Any] = {"data": data, "when": when, "train": len(train), "test": len(splits.test)}
        click.echo(json.dumps({**shown, "baselines": [row.to_json() for row in rows]}))
        return
    kind = "a label or number at every step" if when == "every" else "one for each sequence"
    click.echo(f"{len(train):,} examples to learn from, {len(splits.test):,} to judge on ({kind})")
    click.echo("\n" + table(rows))
