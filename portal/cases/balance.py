"""What the counters should hold less what they hold, for more flows than fit into memory.

A county of a hundred thousand cases has a million flows, and in memory each takes half a KB. What is added and taken
away lies in memory until it is many, and then in a temporary file that nobody else opens: SQLite makes it where
temporary files lie, and takes it away by itself.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator

from portal.cases.counting import FLOWS

#: So many flows are kept in memory.
MOST = 50_000
#: Pages of the file that are kept in memory, in KB.
CACHE = 32_000

_NAMES = [f"n{at}" for at in range(len(FLOWS))]
_TABLE = f"CREATE TABLE flow (key TEXT PRIMARY KEY, {', '.join(_NAMES)}) WITHOUT ROWID"
_ADD = (f"INSERT INTO flow VALUES (?{', ?' * len(FLOWS)}) ON CONFLICT DO UPDATE SET "  # noqa: S608
        + ", ".join(f"{name} = {name} + excluded.{name}" for name in _NAMES))
_LEFT = f"SELECT key FROM flow WHERE {' OR '.join(f'{name} <> 0' for name in _NAMES)} ORDER BY key"  # noqa: S608


class Balance:
    """Sums of flows {key: numbers in the order of FLOWS}; to be closed after use."""

    def __init__(self):
        self._near: dict[tuple, list[int]] = {}
        self._file: sqlite3.Connection | None = None

    def add(self, flows: Iterable[tuple[tuple, Iterable[int]]], sign: int = 1) -> None:
        """Add (key, numbers) of each flow; with `sign` -1 take them away."""
        for key, numbers in flows:
            mine = self._near.get(key)
            if mine is None:
                self._near[key] = [sign * number for number in numbers]
            else:
                self._near[key] = [one + sign * number for one, number in zip(mine, numbers, strict=True)]
            if len(self._near) >= MOST:
                self._put_away()

    def left(self) -> Iterator[tuple]:
        """Yield the keys of the flows that do not come to nothing."""
        if self._file is None:
            yield from sorted(key for key, numbers in self._near.items() if any(numbers))
            return
        self._put_away()
        yield from (tuple(json.loads(key)) for (key,) in self._file.execute(_LEFT))

    def close(self) -> None:
        self._near = {}
        if self._file is not None:
            self._file.close()

    def _put_away(self) -> None:
        if self._file is None:
            self._file = sqlite3.connect("")
            for setting in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE}"):
                self._file.execute(f"PRAGMA {setting}")
            self._file.execute(_TABLE)
        rows = sorted((json.dumps(key), *numbers) for key, numbers in self._near.items())
        self._file.executemany(_ADD, rows)
        self._near = {}
