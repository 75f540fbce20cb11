"""Chinese text as overlapping pairs of characters, so that a word of two characters is found exactly.

Trigram indexes know no two-character word, and segmenters lose recall (1 of 60 in a measurement); pairs are exact on
both engines. A phrase of pairs in order is the word itself.
"""

import unicodedata
from itertools import groupby


def is_plain(word: str) -> bool:
    return word.isascii()


def _class(character: str) -> str:
    """Return "a" for ASCII letters and digits, "c" for other letters, "" for what separates words.

    Private-use and newly encoded characters count as letters: rare names are written with them.
    """
    if character.isascii():
        return "a" if character.isalnum() else ""
    category = unicodedata.category(character)
    return "c" if category[0] in "LMN" or category in ("Co", "Cn") else ""


def words(text: str) -> list[str]:
    """Return the runs of letters and digits, and of Chinese characters, in `text`, folded (NFKC, lower case)."""
    runs = groupby(unicodedata.normalize("NFKC", text).lower(), _class)
    return ["".join(run) for kind, run in runs if kind]


def grams(text: str) -> list[str]:
    """Return the tokens to index, in order: whole plain words, and the pairs of Chinese runs.

    The last character of a run stands alone as well, so that a search for one character by prefix finds it.
    """
    found = []
    for word in words(text):
        if is_plain(word):
            found.append(word)
        else:
            found += [word[i : i + 2] for i in range(len(word))]
    return found


def phrases(query: str) -> list[tuple[list[str], bool]]:
    """Return what all must occur for `query`: (tokens in this order, whether the last one is a prefix)."""
    found = []
    for word in words(query)[:8]:
        if is_plain(word) or len(word) == 1:
            found.append(([word], True))
        else:
            found.append(([word[i : i + 2] for i in range(len(word) - 1)], False))
    return found
