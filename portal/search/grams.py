"""Chinese text as overlapping pairs of characters, so that a word of two characters is found exactly.

Trigram indexes know no two-character word, and segmenters lose recall (1 of 60 in a measurement); pairs are exact on
both engines. A phrase of pairs in order is the word itself.
"""

import re
import unicodedata
from itertools import groupby

from portal.pinyin import initials

#: Begins the token of initials. It is no letter, so no word that somebody types contains it.
INITIALS = "¶"
#: How a number is written, whole or from the middle: FW104204-2026-0013, 2026-0013.
NUMBER = re.compile(r"[A-Za-z]{0,10}\d+(-\d+)+")
#: So many letters at least are looked for among initials: with fewer, every title would be found.
FEWEST, LONGEST_INITIALS, LONGEST_RUN = 3, 8, 24


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


def initials_of(text: str) -> list[str]:
    """Return the tokens by which a text is found by the pinyin initials of its words: those that begin at each
    character of a Chinese run ("路灯不亮": ldbl, dbl, bl), so that a prefix finds what stands anywhere."""
    found = []
    for word in words(text):
        if not is_plain(word) and len(word) >= FEWEST:
            letters = initials(word[:LONGEST_RUN])
            found += [INITIALS + letters[at : at + LONGEST_INITIALS] for at in range(len(letters) - FEWEST + 1)]
    return list(dict.fromkeys(found))


def phrases(query: str) -> list[tuple[list[str], bool]]:
    """Return what all must occur for `query`: (tokens in this order, whether the last one is a prefix).

    The parts of a number ("2026-0013") stand in this order and side by side.
    """
    found = []
    for part in query.split():
        inside = words(part)
        if len(inside) > 1 and NUMBER.fullmatch(part):
            found.append((inside, True))
            continue
        for word in inside:
            if is_plain(word) or len(word) == 1:
                found.append(([word], True))
            else:
                found.append(([word[i : i + 2] for i in range(len(word) - 1)], False))
    return found[:8]


def is_initials(word: str) -> bool:
    """Tell whether a word may be the initials of others."""
    return FEWEST <= len(word) <= LONGEST_INITIALS and word.isascii() and word.isalpha()
