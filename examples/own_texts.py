"""Programs from texts of one's own: requests to a shop, each with a class, and orders in which words are tagged.

    python examples/own_texts.py

To be run cell by cell (`# %%`) or whole, in a few seconds. The texts are made here, from templates, and one label in
twenty is drawn anew: the figures say little about texts that people write. Read your own with
`pellucid.learn("mine.tsv")` or `pellucid.Data.from_columns(data_frame)`.
"""

# %% 300 requests in three classes, many with a sentence that could be of another class
from __future__ import annotations

import random
import tempfile
from pathlib import Path

from sklearn.model_selection import GridSearchCV, cross_val_score

import pellucid
from pellucid.language.words import AS_WRITTEN

REQUESTS = {
    "account": [
        "I cannot log in with my {new} password.",
        "Please change the email address of my account.",
        "How do I reset my password?",
        "The app says that my account is locked.",
        "I want to close my account, I have no open orders.",
    ],
    "billing": [
        "You charged my card {n} times for one order.",
        "I still wait for the refund of {n} euros.",
        "The invoice for my {item} shows the wrong address.",
        "Why is my bill {n} euros higher this month?",
        "The discount is missing on the invoice.",
    ],
    "delivery": [
        "My {item} has not arrived, I wait since {n} days.",
        "The {item} arrived broken.",
        "When will you ship order {n}?",
        "The driver left my {item} at the wrong address.",
        "Tracking says delivered, but there is no {item} here.",
    ],
}
BEFORE = ["", "Hello,", "Sorry to bother you again.", "The {item} that I ordered is great.", "I ordered a {item}."]
AFTER = ["", "Thanks!", "I paid by card.", "My order number is {n}.", "My account is {n}.", "It did arrive on time."]
ITEMS = ["lamp", "kettle", "phone", "chair", "backpack", "charger", "bookshelf", "raincoat"]
rng = random.Random(0)


def request(label: str) -> str:
    """One made request of a class."""
    parts = rng.choice(BEFORE), rng.choice(REQUESTS[label]), rng.choice(AFTER)
    text = " ".join(part for part in parts if part)
    return text.format(n=rng.randint(2, 900), item=rng.choice(ITEMS), new=rng.choice(["new", "old"]))


labels = [rng.choice(list(REQUESTS)) for _ in range(300)]
texts = [request(label) for label in labels]
labels = [rng.choice(list(REQUESTS)) if rng.random() < 0.05 else label for label in labels]

# %% Learn a program. Weighing evidence takes seconds; `model="auto"`, the default, asks all learners
learned = pellucid.learn(pellucid.Data.of(texts, labels), model="evidence")
print("Accuracy:", {part: round(found["token"], 3) for part, found in learned.report["accuracy"].items()})


def heart(learned: pellucid.Learned) -> str:
    """What a program does and what its kinds of words say, without the word lists and helpers after them."""
    source = learned.source or ""
    text = source[source.index("def run(") :]
    return text[: text.index("\n\n\n# The words of each kind")]


print(heart(learned))

# %% What it says of a text that it has not seen, and why
question = "Where is my toaster? It has not arrived and I paid by card."
print(learned.run(question))
print(learned.explain(question))

# %% The folder holds `program.py`, which needs nothing but Python
with tempfile.TemporaryDirectory() as scratch:
    learned.save(Path(scratch) / "requests")
    again = pellucid.load(Path(scratch) / "requests")
assert again.run(question) == learned.run(question)

# %% Cross-validation, and how large the program should be; `kinds` and `phrases` are its sizes
model = pellucid.ProgramClassifier(model="evidence", settings={"kinds": 12, "phrases": 100})
print("Accuracy by fold:", cross_val_score(model, texts, labels, cv=3).round(3).tolist())
sizes = [{"kinds": 4, "phrases": 0}, {"kinds": 12, "phrases": 100}]
chosen = GridSearchCV(model, {"settings": sizes}, cv=2).fit(texts, labels)
print("Best of two sizes:", chosen.best_params_["settings"], round(chosen.best_score_, 3))

# %% A tagger: a label per word, here IOB2 tags of the goods and places in an order
PLACES = [["Oslo"], ["Lima"], ["New", "York"], ["Rome"], ["San", "Marino"], ["Lund"]]


def order() -> tuple[list[str], list[str]]:
    """One made order, as words and a tag each."""
    place, item = rng.choice(PLACES), rng.choice(ITEMS)
    count = str(rng.randint(1, 20))
    parts = [(["Please", "send"], "O"), ([count], "O"), ([rng.choice(["red", "small", "new"])], "O"), ([item], "ITEM")]
    parts += [([rng.choice(["to", "from"]), "our", "shop", "in"], "O"), (place, "PLACE"), (["."], "O")]
    words = [word for part, _ in parts for word in part]
    tags = [t if t == "O" else f"{'I' if i else 'B'}-{t}" for part, t in parts for i in range(len(part))]
    return words, tags


orders = [order() for _ in range(120)]
# Lists of few different words are learned as symbols, to which a new word is an error, unless `words` is given.
tagger = pellucid.ProgramTagger(model="evidence", settings={"kinds": 12}, words=AS_WRITTEN, metric="entity")
tagger.fit([words for words, _ in orders], [tags for _, tags in orders])
print("A shop not seen before:", tagger.predict(["Please send 3 red lamps to our shop in Bergen."])[0])
