"""What is asked in the table: each page at the levels of the tree at which it makes sense, and what the limit server is
asked for instead."""

import base64
import datetime
import json
import random
from dataclasses import dataclass

from bench.county import READERS
from bench.fill import VILLAGE
from bench.matters import DAYS
from bench.search import words_asked
from portal.db import database, is_postgres, now, today


@dataclass(frozen=True)
class Asked:
    """A page of the portal: `paths` are asked in turn, `limit` are those of the limit server, () where it has none."""

    name: str
    level: str
    paths: tuple[str, ...]
    limit: tuple[str, ...] = ()

    @property
    def login(self) -> str:
        return READERS[self.level][0]


#: How many words are searched for in turn.
WORDS = 40
AREAS = ("county", "line", "town", "village", "grid")


def asked() -> list[Asked]:
    """Return the pages for the instance whose database is at hand."""
    return _pages(_ground())


def _pages(ground: dict[str, list[int]]) -> list[Asked]:
    """Return the pages; `ground` are cases that the readers of each level may open."""
    since, until = (today() - datetime.timedelta(days=days) for days in (400, 370))
    middle = now() - datetime.timedelta(days=DAYS // 2)
    cursor = base64.urlsafe_b64encode(json.dumps([middle.isoformat(), 2**40]).encode()).decode().rstrip("=")
    found = [Asked("list, page 1", level, ("/cases/",), ("/list",)) for level in AREAS]
    found += [Asked("list, deep page by keyset", level, (f"/cases/?after={cursor}",), (f"/list?after={middle}",))
              for level in AREAS]
    for name, path, limit in (
        ("list, phase", "/cases/?phase=handling", "/list?phase=handling"),
        ("list, state", "/cases/?kind=station.request&state=at_town", "/list?kind=station.request&state=at_town"),
        ("list, overdue", "/cases/?phase=overdue&sort=due", "/list?overdue=1"),
        ("list, kind", "/cases/?kind=mediation.dispute", "/list?kind=mediation.dispute"),
        ("list, a rare kind", "/cases/?kind=village_rules.charter", "/list?kind=village_rules.charter"),
        ("list, a kind without cases", "/cases/?kind=village_rules.correction", "/list?kind=village_rules.correction"),
        ("list, channel", "/cases/?channel=hotline", "/list?channel=hotline"),
        ("list, channel and rating", "/cases/?channel=hotline&rating=2", ""),
        ("list, period", f"/cases/?since={since}&until={until}", f"/list?since={since}&until={until}"),
        ("list, closed in a period", f"/cases/?by=closed&since={since}&until={until}", ""),
    ):
        found += [Asked(name, level, (path,), (limit,) if limit else ()) for level in ("county", "town", "village")]
    found += [Asked("list, own unit", level, ("/cases/?lens=unit",)) for level in ("line", "town", "village")]
    found += [
        Asked("one case", level, tuple(f"/cases/{key}" for key in keys), tuple(f"/case/{key}" for key in keys))
        for level, keys in ground.items()
    ]
    found += [Asked("desk", level, ("/cases/desk",), ("/desk",)) for level in ("line", "town", "village")]
    found += [Asked("workbench", level, ("/",), ("/figures",)) for level in AREAS]
    found += [Asked("figures, month", level, ("/cases/figures",), ("/figures",)) for level in AREAS[:3]]
    found += [
        Asked("figures, half a year", "county", ("/cases/figures?span=half",), ("/figures",)),
        Asked("figures, year, by who is responsible", "county", ("/cases/figures?span=year&by=holder",), ("/figures",)),
        Asked("figures, year, by channel", "county", ("/cases/figures?span=year&by=channel",), ("/figures",)),
    ]
    words = tuple(dict.fromkeys(words_asked(WORDS, random.Random(7))))
    found += [
        Asked("search, two characters", level, tuple(f"/search?q={word}" for word in words),
              tuple(f"/search?q={word}" for word in words)) for level in ("county", "line", "town", "village")
    ]
    return found


def names() -> list[tuple[str, str]]:
    """Return (page, level) of every row of the table, what writes included."""
    return [(page.name, page.level) for page in _pages({level: [0] for level in AREAS})] + [
        ("create", "grid"), ("step: accept", "village")]


def _ground() -> dict[str, list[int]]:
    """Return some cases of the middle of the ledger for each level, which its reader may open."""
    mark, found = "%s" if is_postgres() else "?", {}
    unit = dict(database.execute_sql(
        "SELECT a.name, o.unit_id FROM accounts_user a JOIN accounts_post o ON o.user_id = a.id WHERE a.name LIKE "
        f"'bench-{'%%' if is_postgres() else '%'}'").fetchall())
    for level, (login, *_) in READERS.items():
        column = f"{level}_id"
        value = f"(SELECT {column} FROM org_unit WHERE id = {mark})" if level not in ("line", "grid") else mark
        rows = database.execute_sql(
            f"SELECT id FROM cases_case WHERE {column} = {value} AND opened < {mark} AND kind IN "  # noqa: S608
            "('station.request', 'grid.event') ORDER BY opened DESC LIMIT 8",
            (unit[login], f"{now() - datetime.timedelta(days=20):%Y-%m-%d %H:%M:%S}")).fetchall()
        found[level] = [key for (key,) in rows]
    return {level: keys for level, keys in found.items() if keys}


def to_accept(number: int) -> list[int]:
    """Return cases of the village that nobody has accepted yet."""
    mark = "%s" if is_postgres() else "?"
    rows = database.execute_sql(
        f"SELECT id FROM cases_case WHERE unit_id = (SELECT id FROM org_unit WHERE code = {mark}) AND phase = 'new' "  # noqa: S608
        f"AND version = 1 AND kind = 'station.request' AND closed IS NULL ORDER BY due DESC LIMIT {mark}",
        (VILLAGE, number))
    return [key for (key,) in rows.fetchall()]


def writer_grid() -> int:
    """Return the grid whose worker opens cases in the bench."""
    [(unit,)] = database.execute_sql("SELECT o.unit_id FROM accounts_user a JOIN accounts_post o ON o.user_id = a.id "
                                     "WHERE a.name = 'bench-grid'").fetchall()
    return unit
