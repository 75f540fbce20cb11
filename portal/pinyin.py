"""The first letters of the pinyin of Chinese text, by which people search with a keyboard."""

import os

# The phrases of the dictionary cost every worker 45 MB and a third of a second at start. Of 317,149 names of villages
# they change the first letter of hardly any but those with 长, which is corrected below.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")

from pypinyin import Style, lazy_pinyin, load_single_dict  # noqa: E402

#: How these characters are read in names of places and people, where the dictionary's first reading is another.
load_single_dict({ord("长"): "cháng", ord("重"): "chóng", ord("曾"): "zēng", ord("单"): "shàn", ord("解"): "xiè"})


def initials(text: str, longest: int = 100) -> str:
    """Return the first letter of each character's pinyin, lower case; what has no pinyin stands for itself."""
    letters = lazy_pinyin(text, style=Style.FIRST_LETTER, errors=list)
    return "".join(letter[:1].lower() for letter in letters)[:longest]
