"""Commands that look into a learned program: `explain`, `circuit`, `errors`, `history`."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pellucid.cli.running import AS_JSON, LEARNED, TAG
from pellucid.errors import PellucidError

if TYPE_CHECKING:
    from pellucid.artifact import Learned
    from pellucid.explain.slices import Scope, Slice
    from pellucid.language.program import Program

EXIT_DIFFERENT = 1
PIPE_WIDTH = 100


@click.command(context_settings={"ignore_unknown_options": True})
@LEARNED
@click.argument("tokens", nargs=-1, type=click.UNPROCESSED)
@click.option("--position", type=int, help="Show only what the output at this position (from 1) depends on.")
@AS_JSON
def explain(learned: Path, tokens: tuple[str, ...], position: int | None, as_json: bool) -> None:
    """What LEARNED did on TOKENS: every variable at every position, what was picked, which rule fired, the votes."""
    from pellucid.explain.explanation import explain as explained
    from pellucid.explain.explanation import text
    from pellucid.given import example, typed
    from pellucid.loading import load

    model = load(learned)
    program = model.of_program("explain")
    if not tokens:
        raise PellucidError(f"no TOKENS to explain; try: pellucid explain {learned} {example(program)}")
    found = explained(program, typed(model.schema, tokens), position)
    if as_json:
        click.echo(json.dumps(found.to_json()))
        return
    width = shutil.get_terminal_size((PIPE_WIDTH, 24)).columns if sys.stdout.isatty() else PIPE_WIDTH
    click.echo(text(found, width, lambda title: click.style(title, bold=True)))


@click.command()
@LEARNED
@click.option("--label", help="What the program uses to say this label, or for the output column of this name.")
@click.option("--position", type=int, help="What the output at this position (from 1) uses.")
@click.option("--input", metavar="TOKENS", help="What one input uses: 'a b c', or a JSON list.")
@click.option("--wrong", metavar="DATA", help="What the wrong answers on a data file use.")
@click.option("--ablate", multiple=True, metavar="VARIABLE", help="What breaks when it is held at its commonest value.")
@click.option("--data", metavar="DATA", help="Inputs for --label, --position, --ablate.  [default: all possible ones]")
@click.option("--out", type=click.Path(path_type=Path), help="Write the slice to this new file.")
@AS_JSON
def circuit(learned: Path, out: Path | None, as_json: bool, ablate: tuple[str, ...], data: str | None, **kinds: Any):
    """The part of LEARNED that one thing uses, as a runnable program of its own on standard output.

    \b
    --label L       says L exactly where the whole program does ("other" elsewhere);
                    of several outputs, or numbers: the column L alone
    --position P    gives the same output at position P
    --input TOKENS  gives the same output on this input; cases it does not use are gone
    --wrong DATA    gives the same wrong answers on these data

    Every slice is compared with the whole program before it is shown: on every possible input where there are not too
    many, else on random ones or on --data. Its docstring says what was checked. Where a slice would be larger than the
    whole program, that is given. DATA may be `task`: the inputs of the task that LEARNED was learned from. Without a
    choice: all variables, and how much each matters.
    """
    from pellucid.loading import load

    asked = [name for name, value in kinds.items() if value is not None]
    _check_options(asked, ablate, data, out)
    model = load(learned)
    if ablate or not asked:
        _ablated(model, ablate, data, as_json)
        return
    found = _slice(model, asked[0], kinds[asked[0]], data)
    if found is None:
        click.echo(json.dumps({"slice": "wrong", "wrong": 0}) if as_json else f"No wrong answer on {kinds['wrong']}.")
        return
    _show(found, out, as_json)


def _check_options(asked: list[str], ablate: tuple[str, ...], data: str | None, out: Path | None) -> None:
    told = [f"--{name}" for name in [*asked, *(["ablate"] if ablate else [])]]
    if len(told) > 1:
        raise PellucidError(f"{' and '.join(told)}: one of them at a time, please")
    if data is not None and asked and asked[0] in ("input", "wrong"):
        raise PellucidError(f"--data: goes with --label, --position or --ablate, not with {told[0]}")
    if out is not None and not asked:
        raise PellucidError("--out: goes with --label, --position, --input or --wrong")
    if out is not None and out.exists():
        raise PellucidError(f"--out {out}: exists; choose another file or remove it")


def _scope(model: Learned, data: str | None) -> Scope | None:
    from pellucid.explain.slices import given
    from pellucid.given import data_for

    if data is None:
        return None
    examples = data_for(model, data)
    return given(model.of_program("look into"), examples.sequences, f"the inputs of {data}", examples.outputs)


def _slice(model: Learned, kind: str, value: Any, data: str | None) -> Slice | None:
    from pellucid.explain import slices
    from pellucid.given import typed
    from pellucid.simplify import simplify
    from pellucid.simplify.names import with_readable_names

    program = model.of_program("look into")

    def shorter(part: Program) -> Program:
        return with_readable_names(simplify(part))

    if kind == "input":
        return slices.for_input(program, typed(model.schema, _tokens(value)), shorter)
    scope = _scope(model, value if kind == "wrong" else data)
    if kind == "wrong":
        assert scope is not None
        return slices.for_wrong(program, scope, shorter)
    if kind == "position":
        return slices.for_position(program, value, scope, shorter)
    names = [output.name for output in program.outputs]
    if value in names and (len(names) > 1 or program.outputs[0].labels is None):
        return slices.for_output(program, value, scope, shorter)
    return slices.for_label(program, value, scope=scope, simplify=shorter)


def _tokens(text: str) -> list[str]:
    """Tokens given as one argument: words, or a JSON list."""
    if not text.lstrip().startswith("["):
        return text.split()
    try:
        return [",".join(map(str, t)) if isinstance(t, list) else str(t) for t in json.loads(text)]
    except ValueError as error:
        raise PellucidError(f"--input: not JSON: {error}") from None


def _show(found: Slice, out: Path | None, as_json: bool) -> None:
    from pellucid.data.files import write_atomic
    from pellucid.emit.emit import emit

    source = emit(found.program, "\n".join(found.summary()) + "\n")
    if out is not None:
        write_atomic(out, source)
    if as_json:
        click.echo(json.dumps({**found.to_json(), "source": source, "out": None if out is None else str(out)}))
    elif out is not None:
        click.echo("\n".join([f"wrote {out}", *found.summary()]))
    else:
        click.echo(source, nl=False)
    if found.check.mismatches:
        sys.exit(EXIT_DIFFERENT)


def _ablated(model: Learned, names: tuple[str, ...], data: str | None, as_json: bool) -> None:
    from pellucid.explain.ablate import ablate, overview
    from pellucid.explain.slices import drawn

    program = model.of_program("look into")
    if model.schema.words is not None and data is None:
        raise PellucidError("a program that reads texts; name a file of them with --data, to see what matters there")
    scope = _scope(model, data) or drawn(program)
    found = ablate(program, names, scope) if names else overview(program, scope)
    click.echo(json.dumps(found.to_json()) if as_json else str(found))


@click.command()
@LEARNED
@click.argument("data", type=str)
@click.option("--top", default=10, show_default=True, help="Groups to print.")
@TAG
@AS_JSON
def errors(learned: Path, data: str, top: int, tag: int, as_json: bool) -> None:
    """Wrong answers of LEARNED on a DATA file, grouped by the rules they went through, the largest group first.

    Each group with how many it holds and its smallest input. Where no rule is on the way, or the ways are too many, the
    groups are by the label given and the right one. DATA may be `task`: inputs of the built-in task that LEARNED was
    learned from.
    """
    from pellucid.explain.errors import errors as grouped
    from pellucid.given import data_for
    from pellucid.loading import load

    if top < 1:
        raise PellucidError(f"--top {top}: expected 1 or more")
    model = load(learned)
    examples = data_for(model, data, tag)
    found = grouped(model.of_program("look into"), examples.sequences, examples.outputs)
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

    every = folder.read_json(learned, folder.HISTORY)
    records = next((told for told in every.values() if isinstance(told, dict) and told.get("seeds")), None)
    if records is None:
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
