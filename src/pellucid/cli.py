"""The command line: thin commands over the Python API. Exit codes: 0 success, 1 not faithful, 2 bad input."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from pellucid.cli_inspect import COMMANDS
from pellucid.errors import PellucidError

if TYPE_CHECKING:
    from pellucid.learned import Learned

EXIT_UNFAITHFUL = 1
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130


class _Group(click.Group):
    """Bad input ends in one line on standard error and exit code 2, never in a traceback."""

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Run a command line and exit; with `standalone_mode` off, let errors through."""
        if not standalone_mode:
            return super().main(*args, standalone_mode=False, **extra)
        try:
            code = super().main(*args, standalone_mode=False, **extra)
            sys.exit(code if isinstance(code, int) else 0)
        except click.ClickException as error:
            _fail(error.format_message(), EXIT_BAD_INPUT)
        except PellucidError as error:
            from pellucid.pipeline import MismatchError

            _fail(str(error), EXIT_UNFAITHFUL if isinstance(error, MismatchError) else EXIT_BAD_INPUT)
        except (KeyboardInterrupt, click.Abort):
            _fail("interrupted before there was anything to keep; nothing was written", EXIT_INTERRUPTED)


def _fail(message: str, code: int) -> NoReturn:
    click.echo("error: " + " ".join(message.split()), err=True)
    sys.exit(code)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pellucid")
def main() -> None:
    """Transformers you can read: learn a model, get a standalone Python program that computes exactly the same."""


@main.command()
@click.argument("what", required=False)
@click.option("--train", type=str, help="Training data, if WHAT is not given.")
@click.option("--valid", type=str, help="Validation data; split off the training data if missing.")
@click.option("--test", type=str, help="Test data; split off the training data if missing.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write.  [default: WHAT-program]")
@click.option("--model", default="auto", show_default=True, help="auto, programs, search or standard.")
@click.option("--seed", default=0, show_default=True, help="Decides data, split and training.")
@click.option("--seeds", type=int, help="Size of the population trained at once, at most.")
@click.option("--steps", type=int, help="Training steps of a seed in the first round.")
@click.option("--budget", type=float, help="Seconds for learning.")
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="Task size, architecture or training setting.")
@click.option(
    "--simplify", default="exact", show_default=True, help="none, exact or compact (may change what it computes)."
)
@click.option("--longer", type=str, help="Data with longer inputs, on which programs that take them are judged.")
@click.option("--pick", type=int, help="Take this candidate of the printed table (WHAT may be a learned folder).")
@click.option("--resume", is_flag=True, help="Go on where a killed run with the same arguments was.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def learn(
    what: str | None,
    train: str | None,
    out: Path | None,
    pairs: tuple[str, ...],
    quiet: bool,
    as_json: bool,
    **rest: Any,
) -> None:
    """Learn a program. WHAT is a built-in task (see `pellucid tasks`) or a data file (.jsonl, .csv, .tsv)."""
    from pellucid.pipeline import learn as run
    from pellucid.progress import progress_bar
    from pellucid.settings import split_pair

    if (what is None) == (train is None):
        raise PellucidError("name one thing to learn from: WHAT or --train FILE")
    name = what or train or ""
    out = out or Path(f"{Path(name).stem}-program")
    with progress_bar(quiet) as on_progress:
        learned = run(name, out=out, settings=dict(map(split_pair, pairs)), on_progress=on_progress, **rest)
    if as_json:
        click.echo(json.dumps(learned.report))
    elif not quiet:
        click.echo(_summary(learned, out))


def _summary(learned: Learned, out: Path) -> str:
    report = learned.report
    lines = [f"{report['task']} ({report['model']}, seed {report['seed']}): {report['seconds']['total']:.1f} s"]
    for part, score in {**report["accuracy"], **(report.get("longer") or {})}.items():
        lines.append(f"  {part:<6} tokens {score['token']:8.3%}   sequences {score['sequence']:8.3%}")
    if "faithful" in report:
        from pellucid.candidates import table
        from pellucid.program.verify import Verdict

        size = report["size"]
        lines.append(f"  program: {size['lines']} lines, {size['variables']} variables, {size['ast_nodes']} AST nodes")
        compared = "model = IR = text" if report.get("given_up") is None else "IR = text"
        lines.append(f"  {compared}: {Verdict(**report['faithful'])}")
        found = json.loads(learned.files["front.json"])
        lines += ["", table(found["candidates"], found["chosen"]), ""]
    return "\n".join([*lines, f"  wrote {out}/" + ("program.py" if "faithful" in report else "")])


@main.command("eval")
@click.argument("learned", type=click.Path(path_type=Path))
@click.argument("data", type=str)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(learned: Path, data: str, as_json: bool) -> None:
    """Accuracy of LEARNED (a folder, or a program.py) on a DATA file."""
    from pellucid.data import read_file
    from pellucid.scripts import evaluate_script

    examples = read_file(data)
    model = None if learned.suffix == ".py" else _load(learned)
    try:
        score = evaluate_script(learned, examples) if model is None else model.evaluate(examples)
    except PellucidError as error:
        raise PellucidError(f"{data}: {error}") from None
    text = f"tokens {score['token']:.3%}   sequences {score['sequence']:.3%}"
    click.echo(json.dumps(score) if as_json else text)


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("learned", type=click.Path(path_type=Path))
@click.argument("tokens", nargs=-1, type=click.UNPROCESSED)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per sequence.")
def run(learned: Path, tokens: tuple[str, ...], as_json: bool) -> None:
    """Run LEARNED on TOKENS, or on standard input: one JSON list per line."""
    model = _load(learned)
    sequences = [list(tokens)] if tokens else list(_stdin_sequences())
    for number, sequence in enumerate(sequences, 1):
        try:
            output = model.run(sequence)
        except PellucidError as error:
            raise PellucidError(str(error) if tokens else f"standard input, sequence {number}: {error}") from None
        if as_json:
            click.echo(json.dumps({"input": sequence, "output": output}))
        elif tokens:
            click.echo(" ".join(map(str, output)) if isinstance(output, list) else str(output))
        else:
            click.echo(json.dumps(output))


def _stdin_sequences():
    for number, line in enumerate(sys.stdin, 1):
        if line.strip():
            try:
                sequence = json.loads(line)
            except ValueError as error:
                raise PellucidError(f"standard input, line {number}: not JSON: {error}") from None
            if not isinstance(sequence, list):
                raise PellucidError(f"standard input, line {number}: expected a JSON list")
            yield sequence


@main.command()
@click.argument("learned", type=click.Path(path_type=Path))
@click.option("--exhaustive", is_flag=True, help="Check every possible input, however many; error if over 100 million.")
@click.option("--seed", default=0, show_default=True, help="Of the sample, where the domain is too large.")
@click.option("--spec", metavar="FILE.py:FUNCTION", help="A function that says what is right; the file is executed.")
@click.option("--equals", type=click.Path(path_type=Path), metavar="DIR", help="Another learned program.")
@click.option("--prove", is_flag=True, help="Every input up to a length, with z3; goes with --spec or --equals.")
@click.option("--length", type=int, help="Longest input to prove.  [default: as learned]")
@click.option("--seconds", type=float, help="Time for a proof.  [default: 120]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(learned: Path, exhaustive: bool, seed: int, as_json: bool, **against: Any) -> None:
    """Check LEARNED as it lies on disk: model = IR = emitted text, and that the files belong together.

    \b
    --spec FILE.py:FUNCTION  instead: is the program right? FUNCTION takes a list of
                             tokens and returns a list of labels (None: any), or a label.
                             It may raise ValueError for an input that is not its business.
    --spec task              likewise, with the built-in task it was learned from
    --equals DIR             instead: does another learned program say the same?

    Every possible input is tried where there are at most a million, else the shortest and random ones; a difference is
    shown on a smallest input. With --prove, all inputs up to --length, however many. Exit code 1 if anything differs.
    """
    from pellucid.cli_inspect import check_against
    from pellucid.learned import tampering

    if against["spec"] is not None or against["equals"] is not None:
        if exhaustive:
            raise PellucidError("--exhaustive: not with --spec or --equals; --prove looks at every input")
        check_against(learned, **against, seed=seed, as_json=as_json)
        return
    for name in ("prove", "length", "seconds"):
        if against[name] is not None and against[name] is not False:
            raise PellucidError(f"--{name}: goes with --spec or --equals")
    model = _load(learned)
    verdict = model.verify(seed=seed, exhaustive=exhaustive)
    problems = tampering(model)
    if as_json:
        click.echo(json.dumps({**verdict.to_json(), "problems": problems}))
    else:
        click.echo("\n".join([str(verdict), *problems]))
    if problems or not verdict.faithful:
        sys.exit(EXIT_UNFAITHFUL)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def tasks(as_json: bool) -> None:
    """The built-in tasks, a line each."""
    from pellucid.data.tasks import all_tasks

    if as_json:
        click.echo(json.dumps({t.name: {"summary": t.summary, "settings": t.defaults} for t in all_tasks()}))
        return
    for task in all_tasks():
        sizes = " ".join(f"{key}={value}" for key, value in task.defaults.items())
        click.echo(f"{task.name:<12} {task.summary}  [{sizes}]")


for _command in COMMANDS:
    main.add_command(_command)


def _load(path: Path):
    from pellucid.learned import load

    return load(path)
