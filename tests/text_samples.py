# ruff: noqa: E501
"""Hand-made programs for texts: a classifier with word kinds and phrases, a tagger with forms and nearest words."""

from collections.abc import Iterable

from pellucid.data.vocab import Vocab
from pellucid.language.spelling import form
from pellucid.language.words import AS_WRITTEN, Reading, Words
from pellucid.program.ir import Aggregate, Assign, Embed, Evidence, Input, Lookup, Program, Readout, Rule, Rules, Select
from pellucid.program.ir import Test as Check
from pellucid.program.predicates import Compare, Match, OneOf

QUESTIONS = {
    "who": "person",
    "whose": "person",
    "president": "person",
    "<xxx-or>": "person",
    "how": "how",
    "when": "time",
}
QUESTIONS |= {
    "year": "time",
    "is": "-",
    "the": "-",
    "many": "-",
    "?": "-",
    "<unk>": "-",
    "<num>": "-",
    "<xxx-ing>": "-",
}
HOSTILE = (
    '"',
    "'",
    '"""',
    "\\",
    "a\nb",
    "{w}",
    "{",
    "# x",
    "a b",
    "",
    "\u2028",
    "\ud800",
    "f'{0}'",
    "_",
    "日本",
    "a_b",
)
NAMES = (
    "Mr.",
    "Bob",
    "of",
    "in",
    "said",
    "Paris",
    "<Xxx>",
    "<Xxx-son>",
    "<xxx>",
    "<xxx-ing>",
    "<unk>",
    "<sign>",
    "<9>",
)


def program(vocab: Vocab, *pairs) -> Program:
    return Program(vocab, tuple(Assign(*pair) for pair in pairs), pairs[-1][0], markers=False, unbounded=True)


def vocabulary(tokens: Iterable[str], labels: tuple, kind, words: Words, forms: bool = True) -> Vocab:
    return Vocab(tuple(sorted({"<unk>", *tokens})), labels, kind, 9, text=Reading(words, forms))


def shifted(name: str, value: str, offset: int) -> tuple:
    """Statements for a variable `offset` words on."""
    how, missing = ("last", "<start>") if offset < 0 else ("first", "<end>")
    select = Select("positions", "positions", Compare("==", offset), "all")
    return ((f"select_{name}", select), (name, Aggregate(f"select_{name}", how, value, missing)))


def classifier(extra: tuple[str, ...] = ()) -> Program:
    """Questions, by kinds of words, the kind before, and phrases."""
    kinds = QUESTIONS | dict.fromkeys(extra, "-")
    vocab = vocabulary(kinds, ("count", "person", "time"), "classification", Words())
    phrases = [(("how", word), "how_many") for word in ("many", "much", "<unk>", *extra)]
    phrases += [(("<start>", word), f"starts_{len(word) % 3}") for word in ("who", "when", "how", "the", *extra)]
    none = (0, 0, 0)
    return program(
        vocab,
        ("words", Input("tokens")),
        ("positions", Input("positions")),
        ("word_kind", Embed("words", tuple(kinds.items()))),
        *shifted("previous_word", "words", -1),
        *shifted("previous_kind", "word_kind", -1),
        ("phrase_kind", Lookup(("previous_word", "words"), tuple(phrases), "-")),
        ("output", Readout(("count", "person", "time"), (0, 1, 0), (
            Evidence("word_kind", (("person", (0, 9, 0)), ("time", (0, 0, 9)), ("how", (2, 0, 1))), none),
            Evidence("previous_kind", (("person", (0, 2, 0)), ("<start>", (1, 0, 0))), none),
            Evidence("phrase_kind", (("how_many", (12, 0, 0)), ("starts_0", (0, 3, 0)), ("starts_1", (1, 0, 2))), none),
        ), (), True)),
    )  # fmt: skip


def tagger(extra: tuple[str, ...] = ()) -> Program:
    """Names, by forms, the next word, and the latest earlier word of some kinds."""
    vocab = vocabulary((*NAMES, *extra), ("B", "I", "O"), "tagging", AS_WRITTEN)
    forms = tuple((token, form(token)) for token in vocab.tokens)
    kinds = {"Mr.": "title", "Bob": "name", "Paris": "place", "of": "link", "in": "link"}
    row = (("Mr.", ("Bob", "<Xxx>", *extra[:3])), ("Bob", ("said",)), *((word, (word,)) for word in extra[:2]))
    none = (0, 0, 0)
    return program(
        vocab,
        ("words", Input("tokens")),
        ("positions", Input("positions")),
        ("word_form", Embed("words", forms)),
        ("word_kind", Embed("words", tuple((token, kinds.get(token, "-")) for token in vocab.tokens))),
        *shifted("next_word", "words", 1),
        *shifted("form_2_before", "word_form", -2),
        ("select_link", Select("words", "word_kind", OneOf(("title", "link")), "all", "before")),
        ("latest_link", Aggregate("select_link", "last", "words", "<none>")),
        ("select_later", Select("words", "words", Match(row, ("Paris",)), "all", "after")),
        ("later_form", Aggregate("select_later", "first", "word_form", "<none>")),
        ("select_all", Select("words", "word_kind", OneOf(("name",)), "all")),
        ("names", Aggregate("select_all", "count")),
        ("title_case", Rules((Rule((Check("word_form", "in", ("Xxx", "Xxx-son")), Check("latest_link", "==", ("Mr.",))), "B"),), "-")),
        ("output", Readout(("B", "I", "O"), (0, 0, 4), (
            Evidence("word_form", (("Xxx", (3, 2, 0)), ("Xxx-son", (5, 1, 0))), none),
            Evidence("title_case", (("B", (4, 0, 0)),), none),
            Evidence("next_word", (("said", (3, 0, 0)), ("<end>", (0, 1, 0))), none),
            Evidence("form_2_before", (("Xxx", (0, 3, 0)), ("<start>", (1, 0, 0))), none),
            Evidence("later_form", (("<none>", (0, 0, 1)),), none),
        ), (("names", (1, 0, 0)),))),
    )  # fmt: skip


def random_text(rng, program: Program, length: int) -> list[str]:
    """A list of words, known, unknown and odd ones."""
    odd = ("Jackson", "running", "12", "Doctor", "actor", "🎉", "x y", *HOSTILE)
    known = program.vocab.tokens
    return [rng.choice(known) if rng.random() < 0.7 else rng.choice(odd) for _ in range(length)]
