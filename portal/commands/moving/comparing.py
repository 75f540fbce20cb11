"""Proves that the target holds what the source holds: for each table the number of rows and a hash over all of them.

The hashes of the source were made while it was read; it cannot have changed since, because nobody else may write. Those
of the target are made from what PostgreSQL gives back.
"""

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

from portal.commands.moving.canonical import INTEGERS
from portal.commands.moving.copying import Tally
from portal.commands.moving.shapes import Shape
from portal.commands.moving.source import Source
from portal.commands.moving.target import Mark, Target


@dataclass(frozen=True)
class Compared:
    """What came of a table: rows and hash (hex) of both sides; `difference` names the first row that differs."""

    name: str
    rows: int
    digest: str
    rows_there: int
    digest_there: str
    difference: str = ""


def compare(source: Source, target: Target, shape: Shape, tally: Tally) -> Compared:
    """Hold one table of the target against the source. Batches that differ are marked, so that another run copies them
    again."""
    ours, theirs, difference, rows, after = hashlib.sha256(), hashlib.sha256(), "", 0, None
    marks = target.marks(shape.table)
    target.order_by_bytes(shape, len(marks) > 1)
    for mark in [*marks, None]:
        upto = mark.upto if mark else None
        there, digest = _digest(target, shape, after, upto)
        wanted = (mark.rows, mark.digest) if mark else (0, hashlib.sha256().hexdigest())
        if mark or there:
            ours.update(wanted[1].encode())
            theirs.update(digest.encode())
        if (there, digest) != wanted:
            difference = difference or _first_difference(source, target, shape, after, upto)
            _forget(target, shape, mark or marks[-1:])
        rows += there
        after = upto
        tally.add(there)
    return Compared(shape.table.name, source.count(shape.table), ours.hexdigest(), rows, theirs.hexdigest(), difference)


def _forget(target: Target, shape: Shape, mark: Mark | list[Mark]) -> None:
    for one in mark if isinstance(mark, list) else [mark]:
        target.mark(shape.table, replace(one, digest=""))


def _digest(target: Target, shape: Shape, after, upto) -> tuple[int, str]:
    digest, rows = hashlib.sha256(), 0
    for block in target.blocks(shape, after, upto):
        digest.update(block)
        rows += block.count(b"\n")  # one inside a text is written as \n
    return rows, digest.hexdigest()


def _first_difference(source: Source, target: Target, shape: Shape, after, upto) -> str:
    """Name the first row between two keys that is not the same on both sides."""
    key = shape.table.key
    ours = ((row, line) for row, line, _ in shape.lines(source.rows(shape.table, after, upto)))
    for (row, line), there in itertools.zip_longest(ours, _lines(target.blocks(shape, after, upto)),
                                                    fillvalue=(None, b"")):
        there = there if isinstance(there, bytes) else b""
        if line == there:
            continue
        theirs = there.rstrip(b"\n").decode().split("\t")
        cells = line.rstrip(b"\n").decode().split("\t")
        if row is None or there and _place(shape, theirs) < _place(shape, cells):
            return f"目标多出 {_named(shape, [theirs[place] for place in key])}"
        if not there or _place(shape, cells) < _place(shape, theirs):
            return f"目标少了 {shape.said(row)}"
        differing = [name for name, one, other in zip(shape.table.columns, cells, theirs, strict=True) if one != other]
        return f"{shape.said(row)} 的 {'、'.join(differing)}"
    return "核对时又变得一样了"


def _place(shape: Shape, cells: list[str]) -> list:
    """Return what puts a row, given by its cells, in the order of the key."""
    return [int(cells[place]) if shape.kinds[place] in INTEGERS else cells[place].encode() for place in shape.table.key]


def _named(shape: Shape, values: list[str]) -> str:
    return "、".join(f"{name}={value}" for name, value in zip(shape.table.key_names, values, strict=True))


def _lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield whole lines of a stream of blocks."""
    rest = b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        yield from (line + b"\n" for line in whole)
