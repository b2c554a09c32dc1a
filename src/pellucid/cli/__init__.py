"""The command line: thin commands over the Python API, one file per group.

Exit codes: 0 success, 1 not faithful, 2 bad input, 3 a program was found and written, but it has errors.
"""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn

import click

from pellucid.cli.inspect import circuit, errors, explain, history
from pellucid.cli.learning import decompile, learn
from pellucid.cli.running import AS_JSON, EXIT_UNFAITHFUL, baseline, evaluate, run, verify
from pellucid.errors import MismatchError, PellucidError

EXIT_BAD_INPUT, EXIT_INTERRUPTED = 2, 130


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
            _fail(str(error), EXIT_UNFAITHFUL if isinstance(error, MismatchError) else EXIT_BAD_INPUT)
        except (KeyboardInterrupt, click.Abort) as stop:
            nothing = "interrupted before there was anything to keep; nothing was written"
            _fail(str(stop) or nothing, EXIT_INTERRUPTED)


def _fail(message: str, code: int) -> NoReturn:
    click.echo("error: " + " ".join(message.split()), err=True)
    sys.exit(code)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pellucid")
def main() -> None:
    """Transformers you can read: learn a model, get a standalone Python program that computes exactly the same."""


@main.command()
@AS_JSON
def tasks(as_json: bool) -> None:
    """The built-in tasks, a line each."""
    from pellucid.data.tasks import TASKS

    if as_json:
        click.echo(json.dumps({t.name: {"summary": t.summary, "settings": t.sizes} for t in TASKS.values()}))
        return
    for task in TASKS.values():
        sizes = " ".join(f"{key}={value}" for key, value in task.sizes.items())
        click.echo(f"{task.name:<28} {task.summary}  [{sizes}]")


for _command in (learn, decompile, evaluate, run, verify, explain, circuit, errors, history, baseline):
    main.add_command(_command)
