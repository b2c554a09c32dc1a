"""Commands for text and other labelled sequences: `baseline`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from pellucid.errors import PellucidError

if TYPE_CHECKING:
    from pellucid.data import Dataset


@click.command()
@click.argument("data", type=str)
@click.option("--test", type=str, help="Data to judge on; split off DATA if missing, as `learn` does.")
@click.option("--seed", default=0, show_default=True, help="Of the split and of the confidence intervals.")
@click.option("--column", default=-1, show_default=True, help="Labels in a CoNLL file: from 1, or -1 for the last.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def baseline(data: str, test: str | None, seed: int, column: int, as_json: bool) -> None:
    """What simple models reach on a DATA file: majority, one word at a time, naive Bayes.

    DATA is a file of texts (LABEL<TAB>text, columns text and label, JSONL, CoNLL) or of symbol sequences. Without
    --test, the baselines are judged on the tenth of DATA on which `learn` with the same seed judges its program, and
    fitted to the rest.
    """
    from pellucid.first.baseline import baselines, table

    if seed < 0:
        raise PellucidError(f"--seed {seed}: expected 0 or more")
    learn_from, judge_on = _parts(data, test, seed, column)
    rows = baselines(learn_from, judge_on, seed)
    if as_json:
        shown: dict[str, Any] = {"data": data, "kind": learn_from.kind, "train": len(learn_from), "test": len(judge_on)}
        click.echo(json.dumps({**shown, "baselines": [row.to_json() for row in rows]}))
        return
    click.echo(f"{len(learn_from):,} examples to learn from, {len(judge_on):,} to judge on ({learn_from.kind})")
    click.echo("\n" + table(rows))


def _parts(data: str, test: str | None, seed: int, column: int) -> tuple[Dataset, Dataset]:
    """What to learn from and what to judge on."""
    from pellucid.data import load_splits
    from pellucid.data.dataset import together
    from pellucid.data.texts import is_text_file, load_texts

    # the test file as validation data too: then nothing is split off, and all of DATA is there to learn from
    if is_text_file(data):
        splits = load_texts(data, test, test, seed=seed, column=column).splits
    else:
        splits = load_splits(data, test, test, seed=seed)
    train, valid = splits.train, splits.valid
    if test is None:
        train = together(train, valid)
    return train, splits.test
