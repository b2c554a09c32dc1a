"""A user's function `FILE.py:function` asked one input after another, in a process of its own that stays.

The process is `python -m pellucid.verify.asked FILE.py:function`: a line of inputs in, a line for each answer out.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from pellucid.errors import PellucidError
from pellucid.values import show
from pellucid.verify.oracle import function_of
from pellucid.verify.outputs import ABSENT, limited

LOADING, ANSWERING = 120.0, 30.0  # seconds until it is ready, and for an answer
PROCESSOR, MEMORY = 86_400, 64 << 30  # seconds of the processor and bytes, at most
AT_ONCE = 200  # inputs of a line
READY = "ready"


class Asked:
    """The function, in its process.

    Args:
        spec: `FILE.py:function`.

    Raises:
        PellucidError: no such file or function, or it cannot be loaded.
    """

    def __init__(self, spec: str) -> None:
        self.spec = spec
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # kept as long as the process
        paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        pipes = {"stdin": -1, "stdout": -1, "stderr": self._errors, "text": True, "encoding": "utf-8"}
        self._process = limited(["-P", "-m", __name__, spec], PROCESSOR, MEMORY, env=environment, **pipes)
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True)
        self._listener.start()
        if (told := self._line(LOADING, "to load the file")) != READY:
            self.close()
            raise PellucidError(told)

    def _listen(self, stream: IO[str]) -> None:
        for line in stream:
            self._lines.put(line)
        self._lines.put("")

    def _line(self, seconds: float, what: str) -> Any:
        """What the process says next."""
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            self.close()
            raise PellucidError(f"{self.spec}: took longer than {seconds:g} seconds {what}") from None
        if not line:
            raise PellucidError(f"{self.spec}: ended {what}: {self._last_words()}")
        return json.loads(line)

    def _last_words(self) -> str:
        code = self._process.wait()
        self._errors.seek(0)
        last = self._errors.read()[-2000:].decode("utf-8", "replace").strip().splitlines()
        return last[-1][:300] if last else f"exit code {code}"

    def __call__(self, inputs: Sequence[Any]) -> Iterator[Any]:
        """What the function gives to each input, as JSON has it; ABSENT where it raises ValueError.

        Raises:
            PellucidError: it raises anything else, ends, or takes too long.
        """
        if (stdin := self._process.stdin) is None or stdin.closed:
            raise PellucidError(f"{self.spec}: its process has ended")
        for start in range(0, len(inputs), AT_ONCE):
            part = inputs[start : start + AT_ONCE]
            with suppress(OSError):  # it has ended, as reading from it will tell
                stdin.write(json.dumps(part) + "\n")
                stdin.flush()
            for sequence in part:
                told = self._line(ANSWERING, f"on input {show(sequence)}")
                if isinstance(told, str):
                    raise PellucidError(f"{self.spec}: {told} on input {show(sequence)}")
                yield told[0] if told else ABSENT

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        self._listener.join()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            with suppress(OSError):
                stream.close()  # pyright: ignore[reportOptionalMemberAccess]


def _answer(function: Callable[[Any], Any], sequence: Any) -> str:
    """A line: a list with the output, an empty one where there is none, or a text that says what went wrong."""
    try:
        return json.dumps([function(sequence)], default=_plain)
    except ValueError:
        return "[]"
    except Exception as error:  # noqa: BLE001  # whatever the user's function raises is theirs
        return json.dumps(f"raised {type(error).__name__}: {error}"[:300])


def _plain(value: Any) -> Any:
    """Arrays and their scalars, and whatever else can be listed, as JSON has them."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "__iter__"):
        return list(value)
    raise TypeError(f"returned {show(value)}; expected a list of labels, or one label")


def main() -> None:
    """Answer what comes on standard input."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as told:
        os.dup2(2, 1)  # what the user's file prints is no answer
        try:
            function = function_of(sys.argv[1])
        except PellucidError as error:
            told.write(json.dumps(str(error)) + "\n")
            return
        told.write(json.dumps(READY) + "\n")
        told.flush()
        for line in sys.stdin:
            for sequence in json.loads(line):
                told.write(_answer(function, sequence) + "\n")
                told.flush()


if __name__ == "__main__":
    main()
