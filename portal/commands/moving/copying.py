"""Copies the rows of a table in batches by primary key, and afterwards holds each batch against the target."""

import hashlib
from dataclasses import dataclass, replace

from portal.commands.moving.shapes import Shape
from portal.commands.moving.source import Source
from portal.commands.moving.target import Mark, Target

#: Rows of one batch: what is copied again at most after a run that was cut off.
BATCH = 10_000
#: How much is gathered before it is sent (bytes).
BLOCK = 1 << 16


@dataclass
class Tally:
    """How far all tables together are: rows done of `total`, told as `say(text, done, total)`."""

    say: object
    text: str
    total: int
    done: int = 0

    def add(self, rows: int) -> None:
        self.done += rows
        self.say(self.text, min(self.done, self.total), self.total)


class Written:
    """Sends lines and keeps the digest and the number of the canonical ones; memory stays flat."""

    def __init__(self, copy=None):
        self.copy, self.digest, self.rows, self.last = copy, hashlib.sha256(), 0, None
        self._lines, self._size = [], 0

    def take(self, lines) -> "Written":
        for row, line, sent in lines:
            self.digest.update(line)
            self.rows, self.last = self.rows + 1, row
            if self.copy is not None:
                self._lines.append(sent)
                self._size += len(sent)
                if self._size >= BLOCK:
                    self._send()
        if self.copy is not None:
            self._send()
        return self

    def _send(self) -> None:
        self.copy.write(b"".join(self._lines))
        self._lines.clear()
        self._size = 0


def changed(source: Source, shape: Shape, marks: list[Mark], tally: Tally) -> list[Mark]:
    """Return those of the batches of an earlier run whose rows are not those of the source any more."""
    found, after = [], None
    for mark in marks:
        now = Written().take(shape.lines(source.rows(shape.table, after, mark.upto)))
        if (now.rows, now.digest.hexdigest()) != (mark.rows, mark.digest):
            found.append(mark)
        after = mark.upto
        tally.add(mark.rows)
    return found


def has_more(source: Source, shape: Shape, marks: list[Mark]) -> bool:
    """Tell whether rows stand behind the last batch."""
    return next(source.rows(shape.table, marks[-1].upto if marks else None, limit=1), None) is not None


def renew(source: Source, target: Target, shape: Shape, marks: list[Mark], stale: list[Mark]) -> int:
    """Copy the `stale` ones of the batches again; returns how many rows they hold now."""
    before = dict(zip([mark.number for mark in marks], [None, *(mark.upto for mark in marks)], strict=False))
    rows = 0
    for mark in stale:
        after = before[mark.number]
        with target.connection.transaction():
            target.delete(shape, after, mark.upto)
            with target.filling(shape) as copy:
                written = Written(copy).take(shape.lines(source.rows(shape.table, after, mark.upto)))
            target.mark(shape.table, replace(mark, rows=written.rows, digest=written.digest.hexdigest()))
        rows += written.rows
    return rows


def copy_rest(source: Source, target: Target, shape: Shape, marks: list[Mark], tally: Tally, *, again: bool) -> None:
    """Copy what stands behind the last batch, batch by batch, each with its mark in one transaction.

    `again`: whatever the target holds behind it is thrown away first.
    """
    number, after = (marks[-1].number, marks[-1].upto) if marks else (0, None)
    if again:
        target.delete(shape, after, None)
    while True:
        number += 1
        with target.connection.transaction():
            with target.filling(shape) as copy:
                written = Written(copy).take(shape.lines(source.rows(shape.table, after, limit=BATCH)))
            if written.rows:
                after = shape.key_of(written.last)
                target.mark(shape.table, Mark(number, after, written.rows, written.digest.hexdigest()))
        tally.add(written.rows)
        if written.rows < BATCH:
            return
