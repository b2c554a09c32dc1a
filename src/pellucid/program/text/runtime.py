"""Functions that emitted programs for texts use; see `pellucid.program.runtime`, whose rules hold here, too.

Beside these, `split_words` (`pellucid.language.words`), `form` (`pellucid.language.spelling`) and `winner` are pasted.
"""
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import json
import re
import sys

PATTERN = NUMERAL = ""
LOWERCASE = True
NUMBER: str | None = None
INDEXES: dict = {}  # of the word lists that have been used


def run(text):
    """Stands for the emitted program's own `run`."""
    raise NotImplementedError(text)


def split_words(text, pattern, lowercase, number, numeral):
    """Stands for the pasted function."""
    raise NotImplementedError(text, pattern, lowercase, number, numeral)


def form(word) -> str:
    """Stands for the pasted function."""
    raise NotImplementedError(word)


def words_of(text):
    """The words of a text; those of a list as they are, but for capitals and numbers."""
    if isinstance(text, str):
        words = split_words(text, PATTERN, LOWERCASE, NUMBER, NUMERAL)
        if not words:
            raise ValueError(f"no word in the text {text!r:.60}")
        return words
    text = text.tolist() if hasattr(text, "tolist") else text
    listed = isinstance(text, (list, tuple))
    if not listed:
        raise ValueError(f"expected a text or a list of words, got {text!r:.60}")
    words = []
    for word in text:
        plain = isinstance(word, (str, int)) and not isinstance(word, bool)
        if not plain:
            raise ValueError(f"expected a word, got {word!r:.60}")
        word = str(word).lower() if LOWERCASE else str(word)
        is_number = NUMBER is not None and re.fullmatch(NUMERAL, word)
        words.append(NUMBER if is_number else word)
    return words


def read(text, lists):
    """The words of a text; "<unk>" for those that are in none of the lists."""
    known = index(lists)
    return [word if word in known else "<unk>" for word in words_of(text)]


def read_by_form(text, lists):
    """The words of a text; for those in none of the lists, what they look like."""
    known = index(lists)
    words = []
    for word in words_of(text):
        if word not in known:
            shape, dash, ending = form(word).partition("-")
            word = f"<{shape}{dash}{ending}>"
            if word not in known:
                word = f"<{shape}>" if f"<{shape}>" in known else "<unk>"
        words.append(word)
    return words


def index(lists):
    """From each word of the lists to the name of its list; made when first needed."""
    if id(lists) not in INDEXES:
        found = INDEXES[id(lists)] = {}
        for name, words in lists.items():
            listed = words.split() if isinstance(words, str) else words
            found.update(dict.fromkeys(listed, name))
    return INDEXES[id(lists)]


def kinds(lists, words, otherwise=None):
    """For each word, the name of the list that it is in."""
    found = index(lists)
    return [found.get(word, otherwise) for word in words]


def main(arguments):
    """Run on the arguments as one text, or with `--jsonl` on standard input.

    There each line is a JSON string, a text, or a JSON list of words.
    """
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")
    place = ""
    try:
        if not arguments or arguments[0] in ("-h", "--help"):
            print(__doc__)
        elif arguments != ["--jsonl"]:
            output = run(" ".join(arguments[arguments[0] == "--" :]))
            print(*(output if isinstance(output, list) else [output]))
        else:
            sys.stdin.reconfigure(encoding="utf-8")
            for number, line in enumerate(sys.stdin, 1):
                place = f"line {number}: "
                if line.strip():
                    try:
                        text = json.loads(line)
                    except (ValueError, RecursionError) as error:
                        raise ValueError(f"not JSON: {error}") from None
                    print(json.dumps(run(text)))
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = None  # whoever was reading, as in `| head -1`, has enough
        return 1
    except (ValueError, RecursionError) as error:
        print(f"error: {place}{error}", file=sys.stderr)
        return 2
    return 0
