"""Which open events may be the same matter: shown as a hint, decided by a person."""

import datetime
import re

from plugins.grid.models import GridEvent
from portal.kit import Case, now, search, seen_by

DAYS = 30
SHOWN = 5
#: Pieces of Chinese words that are looked for; short enough to be found in another person's sentence.
PIECE, PIECES = 4, 6
WORDS = re.compile(r"[\u3400-\u9fff]{2,}")
KIND = "grid.event"


def alike(person, village_id: int | None, category: str, text: str, but: int = 0) -> list[Case]:
    """Return open events of the last thirty days in the village that have the same category or share words with
    `text`, newest first. Compulsory reports are never among them."""
    if not village_id:
        return []
    same = GridEvent.case.in_(
        GridEvent.select(GridEvent.case).where(GridEvent.village_id == village_id, GridEvent.category == category)
    )
    for piece in _pieces(text):
        ids = search.ids("case", piece)
        if ids is not None:
            same |= GridEvent.case.in_(ids)
    return list(
        seen_by(person).join(GridEvent, on=(GridEvent.case == Case.id)).where(
            Case.kind == KIND, Case.village_id == village_id, Case.closed.is_null(), Case.id != but,
            Case.opened > now() - datetime.timedelta(days=DAYS), GridEvent.compulsory == False, same,  # noqa: E712
        ).order_by(Case.opened.desc(), Case.id.desc()).limit(SHOWN)
    )


def _pieces(text: str) -> list[str]:
    """Return the first pieces of the words in `text`."""
    found = []
    for words in WORDS.findall(text):
        found += [words[start:start + PIECE] for start in range(0, len(words), PIECE)]
    return [piece for piece in found if len(piece) > 1][:PIECES]
