"""Commands that run, judge and check a learned program, or simple models: `run`, `eval`, `verify`, `baseline`."""

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

EXIT_UNFAITHFUL = 1
TASK = "task"
AT_ONCE = 1000  # inputs of standard input that are run together, which is far quicker than one by one
LEARNED = click.argument("learned", type=click.Path(path_type=Path))
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
TAG = click.option("--tag", default=-1, show_default=True, help="Labels in a CoNLL file: from 1, or -1 for the last.")


@click.command("eval")
@LEARNED
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
@LEARNED
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
    if tokens:
        sequence = typed(model.schema, tokens)
        _print(model, sequence, model.run(sequence), True, as_json)
        return
    lines = ((number, line) for number, line in enumerate(sys.stdin, 1) if line.strip())
    while part := list(islice(lines, AT_ONCE)):
        for sequence, output in _outputs(model, part):
            _print(model, sequence, output, False, as_json)


def _outputs(model: Learned, part: list[tuple[int, str]]) -> Iterator[tuple[Any, Any]]:
    """The input of each line with its output; all at once where nothing is wrong with any, else one after the other."""
    try:
        inputs = [_read(model, line) for _, line in part]
        yield from zip(inputs, model.outputs(inputs), strict=True)
    except PellucidError:
        for number, line in part:
            try:
                sequence = _read(model, line)
                output = model.run(sequence)
            except PellucidError as error:
                raise PellucidError(f"standard input, line {number}: {error}") from None
            yield sequence, output


def _read(model: Learned, line: str) -> Any:
    """The sequence, or text, of a line."""
    texts = model.schema.words is not None
    try:
        sequence = json.loads(line)
    except (ValueError, RecursionError) as error:
        hint = '; expected a JSON string, as "a text", or a list of words' if texts else ""
        raise PellucidError(f"not JSON: {error}{hint}") from None
    if not isinstance(sequence, list) and not (texts and isinstance(sequence, str)):
        form = "a JSON string or a JSON list" if texts else "a JSON list"
        raise PellucidError(f"expected {form}, got {line.strip()[:40]!r}")
    return sequence


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


@click.command()
@LEARNED
@click.option("--exhaustive", is_flag=True, help="Check every possible input, however many; error if over 100 million.")
@click.option("--seed", default=0, show_default=True, help="Of the sample, where the domain is too large.")
@click.option("--spec", metavar="FILE.py:FUNCTION", help="A function that says what is right; the file is executed.")
@click.option("--equals", type=click.Path(path_type=Path), metavar="DIR", help="Another learned program.")
@click.option("--prove", is_flag=True, help="Every input up to a length, with z3; goes with --spec or --equals.")
@click.option("--length", type=int, help="Longest input to prove.  [default: as learned]")
@click.option("--seconds", type=float, help="Time for a proof.  [default: 120]")
@AS_JSON
def verify(learned: Path, exhaustive: bool, seed: int, as_json: bool, **against: Any) -> None:
    """Check LEARNED as it lies on disk: model = program = emitted text, and that the files belong together.

    \b
    --spec FILE.py:FUNCTION  instead: is the program right? FUNCTION takes a list (of
                             tokens, numbers, or lists of several columns) and returns
                             a list of outputs (None: any), or one output.
                             It may raise ValueError for an input that is not its business.
    --spec task              likewise, with the built-in task it was learned from
    --equals DIR             instead: does another learned program say the same?

    Every possible input is tried where there are at most a million, else the shortest and random ones; a difference is
    shown on a smallest input. With --prove, all inputs up to --length, however many. A program that reads texts is
    tried on texts of random words and odd strings. Exit code 1 if anything differs.
    """
    from pellucid.artifact import tampering
    from pellucid.loading import load

    _check_options(exhaustive, against)
    model = load(learned)
    model.of_program("verify")
    problems = tampering(model)
    if against["spec"] is not None or against["equals"] is not None:
        found: Any = _compared(model, seed, against)
        good = found.holds if against["prove"] else found.agrees
    else:
        found = model.verify(seed=seed, exhaustive=exhaustive)
        good = found.faithful
    click.echo(json.dumps({**found.to_json(), "problems": problems}) if as_json else "\n".join([str(found), *problems]))
    if problems or not good:
        sys.exit(EXIT_UNFAITHFUL)


def _check_options(exhaustive: bool, against: dict[str, Any]) -> None:
    several = against["spec"] is not None or against["equals"] is not None
    if against["spec"] is not None and against["equals"] is not None:
        raise PellucidError("--spec and --equals: one of them at a time, please")
    if exhaustive and several:
        raise PellucidError("--exhaustive: not with --spec or --equals; --prove looks at every input")
    if against["prove"] and not several:
        raise PellucidError("--prove: goes with --spec or --equals")
    for name in ("length", "seconds"):
        value = against[name]
        if value is not None and not against["prove"]:
            raise PellucidError(f"--{name}: goes with --prove")
        if value is not None and not value > 0:
            raise PellucidError(f"--{name} {value}: expected more than 0")


def _compared(model: Learned, seed: int, against: dict[str, Any]) -> Any:
    """The verdict, or with --prove the proof, of a comparison with a function, a task or another program."""
    from pellucid.given import known_inputs, task_function, task_reference
    from pellucid.loading import load
    from pellucid.verify.apart import check_file, prove_file
    from pellucid.verify.oracle import Oracle, comparable
    from pellucid.verify.proof import AgainstProgram, against_function, prove
    from pellucid.verify.spec import check_same, check_spec

    program, spec, known = model.of_program("verify"), against["spec"], known_inputs(model)
    limits = {"longest": against["length"], **({"seconds": against["seconds"]} if against["seconds"] else {})}
    if against["equals"] is not None:
        other, name = load(against["equals"]).of_program("compare with"), str(against["equals"])
        if against["prove"]:
            comparable(program, other, name)
            return prove(program, AgainstProgram(other, name), **limits)
        return check_same(program, other, name, seed, known)
    if spec == TASK:
        if against["prove"]:
            function = task_function(model)
            return prove(program, against_function(Oracle(TASK, function, program), function), **limits)
        return check_spec(program, task_reference(model), seed, None, known)
    return prove_file(program, spec, **limits) if against["prove"] else check_file(program, spec, seed, None, known)


@click.command()
@click.argument("data", type=str)
@click.option("--test", type=str, help="Data to judge on; split off DATA if missing, as `learn` does.")
@click.option("--seed", default=0, show_default=True, help="Of the split and of the confidence intervals.")
@TAG
@AS_JSON
def baseline(data: str, test: str | None, seed: int, tag: int, as_json: bool) -> None:
    """What simple models reach on a DATA file: majority, one symbol at a time, naive Bayes; of numbers the mean.

    Without --test, the baselines are judged on the tenth of DATA on which `learn` with the same seed judges its
    program, and fitted to the rest; of few examples none are held out, and they are judged on what they were fitted to.
    """
    from pellucid.baseline import baselines, table
    from pellucid.data.readers import Options
    from pellucid.resolve import resolve

    if seed < 0:
        raise PellucidError(f"--seed {seed}: expected 0 or more")
    # the test file as validation data too: then nothing is split off, and all of DATA is there to learn from
    splits = resolve(data, seed=seed, valid=test, test=test, options=Options(column=tag)).splits
    train = splits.train if test is not None or splits.few else splits.train + splits.valid
    judged = splits.test if len(splits.test) else train
    rows = list(baselines(train, judged, seed))
    when = train.schema.when
    if as_json:
        shown: dict[str, Any] = {"data": data, "when": when, "train": len(train), "test": len(splits.test)}
        click.echo(json.dumps({**shown, "baselines": [row.to_json() for row in rows]}))
        return
    kind = "a label or number at every step" if when == "every" else "one for each sequence"
    held = f"{len(judged):,} to judge on" if judged is not train else "too few to hold some out to judge on"
    click.echo(f"{len(train):,} examples to learn from, {held} ({kind})")
    click.echo("\n" + table(rows))
