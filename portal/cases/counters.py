"""Adds to the rows of the counters: many in one statement, in one order of keys."""

import functools
from collections import Counter, defaultdict

from peewee import chunked

from portal.cases.counter_models import Flow, Tally
from portal.cases.counting import FLOWS, Standing, flowed, tallied
from portal.db import database

_AT = {name: at for at, name in enumerate(FLOWS)}
TALLY_KEY = ("county_id", "axis", "unit_id", "kind", "phase", "state")
FLOW_KEY = ("county_id", "axis", "period", "unit_id", "town_id", "holder_id", "kind", "channel")


def _nothing() -> list[int]:
    return [0] * len(FLOWS)


class Change:
    """What is to be added: {key of a Tally: number} and {key of a Flow: [numbers in the order of FLOWS]}, with the
    place of each. A list takes a fifth of what a dict would.
    """

    def __init__(self):
        self.tallies: Counter = Counter()
        self.flows: dict[tuple, list[int]] = defaultdict(_nothing)
        self.places: dict[tuple, tuple] = {}
        self.villages: dict[tuple, int | None] = {}

    def count(self, case: Standing | None, sign: int) -> None:
        if case is None:
            return
        for key, place in tallied(case):
            self.tallies[key] += sign
            self.places[key] = place
        for key, village, changes in flowed(case):
            self.villages[key] = village
            flow = self.flows[key]
            for name, number in changes.items():
                flow[_AT[name]] += sign * number

    def write(self) -> None:
        rows = [(*key, *self.places[key], number) for key, number in sorted(self.tallies.items()) if number]
        _add(Tally, (*TALLY_KEY, "town_id", "village_id"), TALLY_KEY, ("count",), rows)
        rows = [
            (*key, self.villages[key], *flow)
            for key, flow in sorted(self.flows.items(), key=lambda pair: pair[0]) if any(flow)
        ]
        _add(Flow, (*FLOW_KEY, "village_id"), FLOW_KEY, FLOWS, rows)


def _add(model, names: tuple, key: tuple, measures: tuple, rows: list[tuple]) -> None:
    for some in chunked(rows, 200):
        statement = _statement(model, names, key, measures, len(some), database.obj.param)
        database.execute_sql(statement, [value for row in some for value in row])


@functools.lru_cache(maxsize=300)
def _statement(model, names, key, measures, rows: int, mark: str) -> str:
    """Return the SQL that adds to `rows` counters at once; the names are our own, the values are bound."""
    table, columns = f'"{model._meta.table_name}"', (*names, *measures)
    marks = ", ".join([f"({', '.join([mark] * len(columns))})"] * rows)
    added = ", ".join(f'"{name}" = {table}."{name}" + excluded."{name}"' for name in measures)
    return (
        f"INSERT INTO {table} ({_quoted(columns)}) VALUES {marks} "  # noqa: S608
        f"ON CONFLICT ({_quoted(key)}) DO UPDATE SET {added}"
    )


def _quoted(names) -> str:
    return ", ".join(f'"{name}"' for name in names)
