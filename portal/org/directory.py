"""The directory in which units are looked up by name: one row for each town, with the names of all that lies in it.

A nation has 665,000 units. Going through their rows for a word takes half a second, an index of pairs of characters
takes five million rows; 44,000 rows of text are gone through in 40 ms at worst, for words of any length, and are exact.
What is searched is the text itself, so nothing is cut into words that might not meet.

Whoever gives a unit another name, place or end writes the rows of the towns concerned anew (`write_anew`), in the same
transaction.
"""

from collections.abc import Iterable, Iterator

from peewee import CharField, IntegerField, TextField, chunked

from portal.db import Model, atomic, database, is_postgres

#: Between the lines of the units, before what is looked up by its beginning (name, pinyin initials, code), and before
#: each of the former names. What people type holds none of them.
LINE, BEGIN, PART = "\u2028", "\x1e", "\x1f"
MARKS = LINE + BEGIN + PART
_BLANKS = str.maketrans(dict.fromkeys(MARKS, " "))
#: Rows written by one statement, and counties written at once.
WRITTEN, COUNTIES = 200, 20


class OrgDirectory(Model):
    """The units of one place: of a town with its villages, or what belongs to a county and to none of its towns.

    Lines are lower case and in the order of the units' codes; `codes` and `units` (the ids, commas between them) go in
    step with them.
    """

    #: The id of the town or of the county, whose code `code` is.
    place = IntegerField(primary_key=True)
    #: The id of the county; of what lies in none, its own topmost unit below the regions.
    top_id = IntegerField(index=True)
    code = CharField(max_length=24, index=True)
    words = TextField()
    codes = TextField()
    units = TextField()

    class Meta:
        table_name = "org_directory"


#: Closed units are looked up only if another one took their place. Regions stand in the tree alone.
_LISTED = "level <> 'region' AND (valid_to IS NULL OR successor_id IS NOT NULL)"
_COLUMNS = "id, code, name, initials, former, COALESCE(town_id, county_id, id), COALESCE(county_id, town_id, id)"


def line_of(name: str, initials: str, former: str) -> str:
    """Return what a unit is found by. `former` is Unit.former: a line each, the day before the name.

    Whoever types letters alone means initials: other signs in them are none.
    """
    if not former and name.isprintable() and initials.isascii():
        return f"{BEGIN}{name}{BEGIN}{initials}".lower()
    earlier = [one.split(" ", 1)[1].translate(_BLANKS) for one in former.splitlines()]
    initials = "".join(letter if letter.isascii() else PART for letter in initials)
    return PART.join([f"{BEGIN}{name.translate(_BLANKS)}{BEGIN}{initials}", *earlier]).lower()


def write_anew(places: Iterable[int | None]) -> None:
    """Write the rows of `places` (ids of towns or counties) from the units as they are; others are no places.

    In the transaction that changed the units: two that change units of one town wait for each other here, and the
    second one reads what the first one has written.
    """
    wanted = sorted({place for place in places if place})
    if not wanted:
        return
    marks = ", ".join([database.obj.param] * len(wanted))
    sql = " UNION ALL ".join(f"SELECT {_COLUMNS} FROM org_unit WHERE {where} AND {_LISTED}" for where in (  # noqa: S608
        f"town_id IN ({marks})", f"county_id IN ({marks}) AND town_id IS NULL",
        f"id IN ({marks}) AND town_id IS NULL AND county_id IS NULL"))
    _hold(OrgDirectory.place.in_(wanted))
    _put(_rows(database.execute_sql(sql, [*wanted] * 3).fetchall()), OrgDirectory.place.in_(wanted))


def write_counties_anew(tops: list[int], say=None) -> None:
    """Write the rows of whole counties; `tops` are the ids that `OrgDirectory.top_id` holds. For imports and repairs.

    A few counties at a time, each time in a transaction unless there is one already, so that a nation does not lie in
    memory.
    """
    done = 0
    for some in chunked(tops, COUNTIES):
        with atomic():
            _hold(OrgDirectory.top_id.in_(some))
            _put(_rows(_units_of(some)), OrgDirectory.top_id.in_(some))
        done += len(some)
        if say:
            say("编入名录", done, len(tops))
    if len(tops) > WRITTEN and is_postgres():
        database.execute_sql("ANALYZE org_directory")


def _units_of(tops: list[int]) -> list[tuple]:
    """Return the units of counties; of what lies in none: the unit itself, and if it is a town what lies in it."""
    marks = ", ".join([database.obj.param] * len(tops))
    sql = " UNION ALL ".join(f"SELECT {_COLUMNS} FROM org_unit WHERE {where} IN ({marks}) AND {_LISTED}"  # noqa: S608
                             for where in ("county_id", "county_id IS NULL AND COALESCE(town_id, id)"))
    return database.execute_sql(sql, [*tops, *tops]).fetchall()


def tops() -> list[int]:
    """Return the ids for which `write_counties_anew` writes everything there is, and empties what is no more."""
    sql = ("SELECT id FROM org_unit WHERE level = 'county' OR (county_id IS NULL AND level <> 'region') "
           "UNION SELECT top_id FROM org_directory ORDER BY 1")
    return [key for (key,) in database.execute_sql(sql).fetchall()]


def stale() -> Iterator[int]:
    """Yield the ids of the places whose row is not what the units say. Reads everything, a few counties at a time."""
    for some in chunked(tops(), COUNTIES):
        wanted = {row[0]: row for row in _rows(_units_of(some))}
        have = {row[0]: row for row in OrgDirectory.select().where(OrgDirectory.top_id.in_(some)).tuples()}
        yield from sorted(key for key in wanted.keys() | have.keys() if wanted.get(key) != have.get(key))


def _rows(units: list[tuple]) -> list[tuple]:
    """Return the rows of the directory for `units` (_COLUMNS), in the order of its columns."""
    places: dict[int, list[tuple]] = {}
    for unit in sorted(units, key=lambda unit: unit[1]):
        places.setdefault(unit[5], []).append(unit)
    return [
        (place, lines[0][6], next((line[1] for line in lines if line[0] == place), lines[0][1]),
         LINE.join(line_of(name, initials, former) for _, _, name, initials, former, _, _ in lines),
         LINE.join(BEGIN + line[1] for line in lines), ",".join(str(line[0]) for line in lines))
        for place, lines in places.items()
    ]


def _hold(which) -> None:
    """Wait for whoever writes the same rows; on SQLite a writer is alone anyway."""
    if is_postgres():
        list(OrgDirectory.select(OrgDirectory.place).where(which).order_by(OrgDirectory.place).for_update().tuples())


def _put(rows: list[tuple], which) -> None:
    """Write `rows`, and take those out of `which` that have become empty."""
    for some in chunked(rows, WRITTEN):
        marks = ", ".join([f"({', '.join([database.obj.param] * 6)})"] * len(some))
        database.execute_sql(
            f"INSERT INTO org_directory (place, top_id, code, words, codes, units) VALUES {marks} "  # noqa: S608
            "ON CONFLICT (place) DO UPDATE SET top_id = excluded.top_id, code = excluded.code, words = excluded.words, "
            "codes = excluded.codes, units = excluded.units", [value for row in some for value in row])
    kept = [row[0] for row in rows]
    OrgDirectory.delete().where(which & OrgDirectory.place.not_in(kept) if kept else which).execute()
