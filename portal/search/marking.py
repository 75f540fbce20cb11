"""What was found, marked in what is shown. Everything else is escaped: titles are written by strangers."""

import re

from markupsafe import Markup, escape


def marked(text: str, words: str) -> Markup:
    """Return `text`, escaped, with each of `words` in <mark>; capitals do not matter."""
    wanted = sorted({word for word in words.split() if word}, key=len, reverse=True)
    if not wanted or not text:
        return escape(text)
    pieces = re.split("(" + "|".join(map(re.escape, wanted)) + ")", text, flags=re.IGNORECASE)
    return Markup("").join(
        Markup("<mark>{}</mark>").format(piece) if number % 2 else escape(piece) for number, piece in enumerate(pieces)
    )
