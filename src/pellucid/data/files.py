"""Reading text and writing it whole or not at all."""

import os
from pathlib import Path

from pellucid.errors import PellucidError

StrPath = str | os.PathLike[str]


def read_text(path: StrPath) -> str:
    """The whole file as text, line ends untouched, a byte order mark dropped.

    Raises:
        PellucidError: no such file, a directory, not readable, not UTF-8 (with the line), empty or only blank lines.
    """
    place = Path(path)
    if os.path.isdir(path):
        raise PellucidError(f"{path}: is a directory; expected a data file (a learned folder goes with --pick NUMBER)")
    try:
        data = place.read_bytes()
    except FileNotFoundError:
        raise PellucidError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise PellucidError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start]
        raise PellucidError(f"{path}:{line}: byte 0x{byte:02x} is not UTF-8; expected text encoded as UTF-8") from None
    if not text.strip():
        raise PellucidError(f"{path}: {'only blank lines' if text else 'the file is empty'}; expected examples")
    return text


def write_atomic(path: StrPath, text: str) -> None:
    """Write text so that the file is there complete, or is as it was before.

    Raises:
        PellucidError: the file cannot be written.
    """
    place = Path(path)
    draft = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    try:
        try:
            with draft.open("w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, place)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise PellucidError(f"{path}: cannot be written: {error.strerror or error}") from None
