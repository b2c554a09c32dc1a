"""Commands that look into a learned program: `explain`, `circuit`, `errors`, and what `verify` checks it against."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pellucid.errors import PellucidError

if TYPE_CHECKING:
    from pellucid.data import Dataset, Token
    from pellucid.learned import Learned
    from pellucid.program.circuit import Slice
    from pellucid.program.ir import Program
    from pellucid.series.learned import LearnedSeries

EXIT_DIFFERENT = 1
PIPE_WIDTH = 100
TASK = "task"
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
LEARNED = click.argument("learned", type=click.Path(path_type=Path))


@click.command(context_settings={"ignore_unknown_options": True})
@LEARNED
@click.argument("tokens", nargs=-1, type=click.UNPROCESSED)
@click.option("--position", type=int, help="Show only what the output at this position (from 1) depends on.")
@AS_JSON
def explain(learned: Path, tokens: tuple[str, ...], position: int | None, as_json: bool) -> None:
    """What LEARNED did on TOKENS: every variable at every position, what was picked, which rule fired, and why.

    Of a program that reads texts: the decision, what every word of the text says, and which phrases and rules fired.
    """
    from pellucid.first.given import fitting
    from pellucid.program.inspect.trace_text import text
    from pellucid.program.trace import explain as trace
    from pellucid.series import commands as series

    if (numbers := _numbers(learned)) is not None:
        if position is not None:
            raise PellucidError("--position: for programs on symbols")
        series.explain(numbers, tokens, as_json)
        return
    model, program = _opened(learned)
    if not tokens:
        raise PellucidError(f"no TOKENS to explain; try: pellucid explain {learned} {_example(program)}")
    if model.vocab.text is not None:
        found = trace(program, " ".join(tokens), position)
    else:
        found = trace(program, fitting(model.vocab, tokens, program.unbounded), position)
    if as_json:
        click.echo(json.dumps(found.to_json()))
        return
    width = shutil.get_terminal_size((PIPE_WIDTH, 24)).columns if sys.stdout.isatty() else PIPE_WIDTH
    click.echo(text(found, width, lambda title: click.style(title, bold=True)))


@click.command()
@LEARNED
@click.option("--label", help="What the program uses to say this label.")
@click.option("--position", type=int, help="What the output at this position (from 1) uses.")
@click.option("--input", "sequence", metavar="TOKENS", help="What one input uses: 'a b c', or a JSON list.")
@click.option("--wrong", metavar="DATA", help="What the wrong answers on a data file use.")
@click.option("--ablate", multiple=True, metavar="VARIABLE", help="What breaks when it is held at its commonest value.")
@click.option("--data", metavar="DATA", help="Inputs for --label, --position, --ablate.  [default: all possible ones]")
@click.option("--out", type=click.Path(path_type=Path), help="Write the slice to this new file.")
@AS_JSON
def circuit(learned: Path, out: Path | None, as_json: bool, ablate: tuple[str, ...], data: str | None, **kinds: Any):
    """The part of LEARNED that one thing uses, as a runnable program of its own on standard output.

    \b
    --label L       says L exactly where the whole program does ("other" elsewhere)
    --position P    gives the same output at position P
    --input TOKENS  gives the same output on this input; cases it does not use are gone
    --wrong DATA    gives the same wrong answers on these data

    Every slice is compared with the whole program before it is shown: on every possible input where there are at most a
    million, else on random ones or on --data. Its docstring says what was checked. Where a slice would be larger than
    the whole program, that is given. DATA may be `task`: the inputs of the task that LEARNED was learned from. Without
    a choice: all variables, and how much each matters.
    """
    asked = [name for name, value in kinds.items() if value is not None]
    names = {"sequence": "--input"}
    told = [names.get(name, f"--{name}") for name in asked] + (["--ablate"] if ablate else [])
    if len(told) > 1:
        raise PellucidError(f"{' and '.join(told)}: one of them at a time, please")
    if data is not None and asked and asked[0] in ("sequence", "wrong"):
        raise PellucidError(f"--data: goes with --label, --position or --ablate, not with {told[0]}")
    if out is not None and not asked:
        raise PellucidError("--out: goes with --label, --position, --input or --wrong")
    if out is not None and out.exists():
        raise PellucidError(f"--out {out}: exists; choose another file or remove it")
    if (numbers := _numbers(learned)) is not None:
        from pellucid.series import commands as series

        series.circuit(numbers, kinds, ablate, data, out, as_json)
        return
    model, program = _opened(learned)
    given = None if data is None else _data(model, data)
    if model.vocab.text is not None and given is None and (ablate or not asked):
        raise PellucidError(f"{learned}: reads texts; name a file of them with --data, to see what matters there")
    if ablate or not asked:
        _ablated(program, ablate, data, given, as_json)
        return
    found = _slice(model, program, asked[0], kinds[asked[0]], data, given)
    if found is None:
        click.echo(json.dumps({"slice": "wrong", "wrong": 0}) if as_json else f"No wrong answer on {kinds['wrong']}.")
        return
    _show_slice(found, out, as_json)


def _slice(
    model: Learned, program: Program, kind: str, value: Any, data: str | None, given: Dataset | None
) -> Slice | None:
    from pellucid.first.given import fitting
    from pellucid.program import circuit as slices

    inputs = None if given is None else given.inputs
    match kind:
        case "label":
            return slices.slice_for_label(program, value, inputs, data or "")
        case "position":
            return slices.slice_for_position(program, value, inputs, data or "")
        case "sequence":
            return slices.slice_for_input(program, fitting(model.vocab, _tokens(value), program.unbounded))
    return slices.slice_for_wrong(program, _data(model, value), value)


def _tokens(text: str) -> list[Token]:
    """Tokens given as one argument: words, or a JSON list."""
    if not text.lstrip().startswith("["):
        return list(text.split())
    try:
        found = json.loads(text)
    except ValueError as error:
        raise PellucidError(f"--input: not JSON: {error}") from None
    return found


def _show_slice(found: Slice, out: Path | None, as_json: bool) -> None:
    from pellucid.data.files import write_atomic

    if out is not None:
        write_atomic(out, found.source)
    if as_json:
        click.echo(json.dumps({**found.to_json(), "out": None if out is None else str(out)}))
    elif out is not None:
        click.echo("\n".join([f"wrote {out}", *found.summary()]))
    else:
        click.echo(found.source, nl=False)
    if found.check.mismatches:
        sys.exit(EXIT_DIFFERENT)


def _ablated(program: Program, names: tuple[str, ...], data: str | None, given: Dataset | None, as_json: bool) -> None:
    from pellucid.program.inspect.ablate import ablate, check_names, overview
    from pellucid.program.inspect.scope import domain, scope_of

    check_names(program, names)
    scope = domain(program) if given is None else scope_of(program, given.inputs, data or "")
    found = ablate(program, names, scope, given) if names else overview(program, scope)
    click.echo(json.dumps(found.to_json()) if as_json else str(found))


@click.command()
@LEARNED
@click.argument("data", type=str)
@click.option("--top", default=10, show_default=True, help="Groups to print.")
@click.option("--column", type=int, help="Texts: labels in a CoNLL file, from 1, or -1.  [default: the last]")
@AS_JSON
def errors(learned: Path, data: str, top: int, column: int | None, as_json: bool) -> None:
    """Wrong answers of LEARNED on a DATA file, grouped by the rules they went through, the largest group first.

    Each group with how many it holds and its smallest input. Where no rule is on the way, or the ways are too many, the
    groups are by the label given and the right one, with the values that decided. DATA may be `task`: inputs of the
    built-in task that LEARNED was learned from.
    """
    from pellucid.program.blame import blame

    if top < 1:
        raise PellucidError(f"--top {top}: expected 1 or more")
    if (numbers := _numbers(learned)) is not None:
        from pellucid.series import commands as series

        if column is not None:
            raise PellucidError("--column: for programs on texts")
        series.errors(numbers, data, top, as_json)
        return
    model, program = _opened(learned)
    if model.vocab.text is not None and data != TASK:
        from pellucid.first.given import fitting_texts, own_texts, words_as_written

        texts, examples = fitting_texts(model.vocab, data, -1 if column is None else column)
        found = blame(program, examples, [words_as_written(model.vocab, text) for text in own_texts(texts)])
    else:
        if column is not None:
            raise PellucidError("--column: for programs on texts")
        found = blame(program, _data(model, data))
    click.echo(json.dumps(found.to_json()) if as_json else found.text(top))


@click.command()
@LEARNED
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE.svg", help="Draw the figure.")
@AS_JSON
def history(learned: Path, plot: Path | None, as_json: bool) -> None:
    """How the annealing of a gradient-trained LEARNED went: losses, their gap, choices settling, over the steps.

    Losses of the soft (annealed) and of the hard (argmax) model, their gap, the share of choices that agree with the
    final ones, and the entropy of the choices that matter: the mean over the seeds that went furthest.
    """
    from pellucid import folder
    from pellucid.annealing import columns_of, plot_history, runs_of

    records = folder.read_json(learned, folder.HISTORY)
    if not records.get("seeds"):
        raise PellucidError(
            f"{learned}: a program that was searched; only gradient training has a history of annealing"
        )
    runs = runs_of(records)
    if plot is not None:
        plot_history(records, plot, folder.read_json(learned, folder.REPORT).get("task", ""))
    table = columns_of(runs)
    if as_json:
        click.echo(json.dumps({"seeds": len(runs), "columns": table}))
        return
    names = list(table)
    rows = zip(*table.values(), strict=True)
    lines = ["  ".join(f"{name:>10}" for name in names)]
    lines += ["  ".join(f"{value:>10.4g}" for value in row) for row in rows]
    click.echo("\n".join([*lines, f"mean of {len(runs)} seed{'' if len(runs) == 1 else 's'}"]))
    if plot is not None:
        click.echo(f"wrote {plot}")


# ---------------------------------------------------------------- what the commands read


def _numbers(path: Path) -> LearnedSeries | None:
    """The program of a folder where it is one on numbers."""
    from pellucid.series.learned import is_series_folder, load_series

    return load_series(path) if is_series_folder(path) else None


def _opened(path: Path) -> tuple[Learned, Program]:
    from pellucid.learned import load

    model = load(path)
    if model.program is None:
        raise PellucidError(f"{path}: a standard Transformer has no program to look into")
    return model, model.program


def _example(program: Program) -> str:
    """A few tokens to try, or a text, as they are typed."""
    if program.vocab.text is not None:
        return '"a text"'
    return " ".join(map(str, program.vocab.tokens[: min(3, program.vocab.max_length)]))


def _data(model: Learned, name: str) -> Dataset:
    """A data file, or what `task` stands for, with tokens and labels as the program has them."""
    from pellucid.data import read_file
    from pellucid.first.given import fitting_data, fitting_texts, same_kind
    from pellucid.program.spec import task_data

    if model.vocab.text is not None and name != TASK:
        return fitting_texts(model.vocab, name)[1]
    examples = task_data(model.report) if name == TASK else read_file(name)
    same_kind(name, examples, model.vocab.kind)
    if name == TASK:
        return model.vocab.match_dataset(examples)
    return fitting_data(model.vocab, name, examples, model.program is not None and model.program.unbounded)


COMMANDS = (explain, circuit, errors, history)


# ---------------------------------------------------------------- verify against something


def check_against(
    learned: Path,
    spec: str | None,
    equals: Path | None,
    prove: bool,
    length: int | None,
    seconds: float | None,
    seed: int,
    as_json: bool,
) -> None:
    """`verify --spec` and `verify --equals`: exit code 0 where the program agrees, 1 where it does not."""
    from pellucid.learned import tampering

    if spec is not None and equals is not None:
        raise PellucidError("--spec and --equals: one of them at a time, please")
    for name, value in (("--length", length), ("--seconds", seconds)):
        if value is not None and not prove:
            raise PellucidError(f"{name}: goes with --prove")
        if value is not None and not value > 0:
            raise PellucidError(f"{name} {value}: expected more than 0")
    model, program = _opened(learned)
    if model.vocab.text is not None and (prove or spec is not None):
        raise PellucidError(f"{'--prove' if prove else '--spec'}: not for programs that read texts; --equals is")
    if prove:
        verdict: Any = _proof(model, program, spec, equals, length, seconds)
        good = verdict.holds
    else:
        verdict = _search(model, program, spec, equals, seed)
        good = verdict.agrees
    problems = tampering(model)
    if as_json:
        click.echo(json.dumps({**verdict.to_json(), "problems": problems}))
    else:
        click.echo("\n".join([str(verdict), *problems]))
    if problems or not good:
        sys.exit(EXIT_DIFFERENT)


def _search(model: Learned, program: Program, spec: str | None, equals: Path | None, seed: int) -> Any:
    from pellucid.program.oracle import load_oracle
    from pellucid.program.spec import check_same, check_spec, check_task

    if equals is not None:
        return check_same(program, _opened(equals)[1], str(equals), seed)
    if spec == TASK:
        return check_task(program, model.report, seed)
    return check_spec(program, load_oracle(spec or "", program.vocab.kind), seed)


def _proof(
    model: Learned, program: Program, spec: str | None, equals: Path | None, length: int | None, seconds: float | None
) -> Any:
    from pellucid.program import proof
    from pellucid.program.oracle import load_oracle
    from pellucid.program.spec import task_of

    if equals is not None:
        question: Any = proof.AgainstProgram(program, _opened(equals)[1], str(equals))
    elif spec == TASK:
        question = proof.against_task(task_of(model.report))
    else:
        question = proof.against_file(load_oracle(spec or "", program.vocab.kind), spec or "")
    return proof.prove(program, question, length, seconds or proof.SECONDS)
