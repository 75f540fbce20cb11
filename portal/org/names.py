"""How names are shortened and found by the first letters of their pinyin."""

from portal.pinyin import initials

ENDINGS = (
    ("社区居民委员会", "社区"), ("居民委员会", "社区"), ("村民委员会", "村"),
    ("社区居委会", "社区"), ("居委会", "社区"), ("村委会", "村"),
)


def short_of(name: str) -> str:
    """Return the name people use: 华光村村民委员会 → 华光村, 老西街社区居民委员会 → 老西街社区."""
    for ending, kept in ENDINGS:
        if name.endswith(ending) and len(name) > len(ending):
            stem = name.removesuffix(ending)
            return stem if stem.endswith(kept) else stem + kept
    return name


def initials_of(name: str) -> str:
    """Return the pinyin initials of the short name, without brackets and private-use characters, which nobody types."""
    return "".join(letter for letter in initials(short_of(name)) if letter.isalnum())
