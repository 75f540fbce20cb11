"""What changed between two editions, clause by clause, sign by sign: to be read by villagers, not by programmers."""

from dataclasses import dataclass
from difflib import SequenceMatcher

#: Two clauses that share this much are the same clause, changed.
ALIKE = 0.45

KINDS = {"same": "没有变", "changed": "有修改", "added": "新增", "removed": "删去", "moved": "只换了位置"}


@dataclass(frozen=True)
class Change:
    """One clause: its heading, where it stood before and stands now, and its pieces as (how, text).

    how: "same", "added" or "removed".
    """

    kind: str
    before: int | None
    after: int | None
    heading: str
    pieces: tuple[tuple[str, str], ...]

    @property
    def title(self) -> str:
        return KINDS[self.kind]


def pieces_of(before: str, after: str) -> tuple[tuple[str, str], ...]:
    """Return what stays, what was taken out and what was put in, so that both texts can be read from it."""
    found: list[tuple[str, str]] = []
    for what, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what == "equal":
            found.append(("same", before[a:b]))
            continue
        if before[a:b]:
            found.append(("removed", before[a:b]))
        if after[c:d]:
            found.append(("added", after[c:d]))
    return tuple(found)


def compare(before, after) -> list[Change]:
    """Return the changes between two lists of clauses (with position, heading, text), in the order of the new one.

    What was removed stands where it would have stood.
    """
    partners = _partners(list(before), list(after))
    old = {one.id: one for one in before}
    found = [_change(old.get(partners.get(one.id)), one) for one in after]
    gone = [one for one in before if one.id not in partners.values()]
    for one in gone:
        place = next((number for number, change in enumerate(found)
                      if change.before is not None and change.before > one.position), len(found))
        found.insert(place, Change("removed", one.position, None, one.heading, (("removed", one.text),)))
    return found


def _change(before, after) -> Change:
    if before is None:
        return Change("added", None, after.position, after.heading, (("added", after.text),))
    pieces = pieces_of(before.text, after.text)
    same = before.text == after.text and before.heading == after.heading
    kind = "changed" if not same else "same" if before.position == after.position else "moved"
    return Change(kind, before.position, after.position, after.heading, pieces)


def _partners(before: list, after: list) -> dict[int, int]:
    """Return which old clause each new one comes from, by their ids: the most alike first, each only once."""
    found = []
    for new in after:
        for old in before:
            share = SequenceMatcher(None, old.text, new.text, autojunk=False).ratio()
            share += 0.3 if old.heading == new.heading and old.heading else 0
            if share >= ALIKE:
                found.append((share, new.id, old.id))
    partners: dict[int, int] = {}
    for _, new, old in sorted(found, key=lambda one: (-one[0], one[1], one[2])):
        if new not in partners and old not in partners.values():
            partners[new] = old
    return partners
