"""Small made data of texts, from which programs are learned in seconds."""

import numpy as np

PEOPLE = ["teacher", "doctor", "writer", "singer", "king"]
CITIES = ["Paris", "Oslo", "Rome", "Lima", "Kyiv"]
VERBS = ["visits", "likes", "leaves", "sees"]


def questions(count=120, seed=1):
    """Raw texts with a label each: what is asked for."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for i in range(count):
        who, city = str(rng.choice(PEOPLE)), str(rng.choice(CITIES))
        made = [
            (f"Who is the {who} of {city}?", "HUM"),
            (f"Where does the {who} of {city} live?", "LOC"),
            (f"How many {who}s does {city} have?", "NUM"),
        ]
        text, label = made[i % 3]
        texts.append(text)
        labels.append(label)
    return texts, labels


def sentences(count=120, seed=1):
    """Lists of words with entity tags, IOB1: a neighbour of the same type begins with B."""
    rng = np.random.default_rng(seed)
    words, tags = [], []
    for i in range(count):
        who, verb, city, other = (str(rng.choice(among)) for among in (PEOPLE, VERBS, CITIES, CITIES))
        begin = [(["The", who], ["O", "O"]), ([other], ["I-LOC"])][i % 4 > 1]
        end = [([city, "."], ["I-LOC", "O"]), ([city, other], ["I-LOC", "B-LOC"])][i % 3 == 0]
        words.append([*begin[0], verb, *end[0]])
        tags.append([*begin[1], "O", *end[1]])
    return words, tags
