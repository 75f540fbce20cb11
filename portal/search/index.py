"""Put rows into the index and find them again. Both happen in the caller's transaction, so the index never lags."""

from peewee import SQL, chunked

from portal.db import database, is_postgres
from portal.prepared import PreparedModels, PreparedRows, unindexed
from portal.search.grams import INITIALS, grams, initials_of, is_initials, phrases
from portal.search.models import SearchText

#: Longer texts are indexed by their beginning only.
LONGEST = 4000


#: Begins the token of a place. It is no letter, so no word that somebody types contains it.
SCOPE = "§"


def put(owner: str, row_id: int, text: str, scope: tuple[str, ...] = ()) -> None:
    """Index the row `row_id` of `owner` by `text`; what it was indexed by before is replaced.

    `scope` names where the row lies ("t12"): a search that gives one of them looks through the rows of that place only,
    instead of through all rows that hold a common word. What moves afterwards is told to `rescope`.
    """
    text = text[:LONGEST]
    row = next(iter(_known(owner=owner, row=row_id)), None)
    if row is not None:
        if row.text == text:
            return
        SearchText.update(text=text).where(SearchText.id == row.id).execute()
        database.execute_sql(f"DELETE FROM search_gram WHERE {_key()} = {_mark()}", (row.id,))
    else:
        row = SearchText(owner=owner, row_id=row_id, text=text)
        _whole.insert(row)
    put_grams(row.id, tokens(text, scope))


_known = PreparedModels(lambda slots: (
    SearchText.select().where(SearchText.owner == slots.owner, SearchText.row_id == slots.row)
))
_whole = PreparedRows(SearchText)


def tokens(text: str, scope: tuple[str, ...] = ()) -> list[str]:
    """Return what a row with `text` in `scope` is indexed by."""
    return [*grams(text), *(SCOPE + name for name in scope), *initials_of(text)]


def put_grams(key: int, found: list[str]) -> None:
    """Index the row `key` of SearchText by `found`; it must not be there yet."""
    if is_postgres():
        database.execute_sql("INSERT INTO search_gram (id, grams) VALUES (%s, %s::tsvector)", (key, _vector(found)))
    else:
        database.execute_sql("INSERT INTO search_gram (rowid, grams) VALUES (?, ?)", (key, " ".join(found)))


def rescope(owner: str, row_ids, names: dict[str, str], scopes: dict[int, tuple]) -> int:
    """Index the rows `row_ids` (a query) of `owner` in other places: `names` {old name: new name}; returns how many.

    `scopes` {row id: all its names from now on} is for SQLite, whose index does not give back what it holds.
    """
    rows = SearchText.select(SearchText.id, SearchText.row_id, SearchText.text).where(
        SearchText.owner == owner, SearchText.row_id.in_(row_ids))
    if is_postgres():
        ids, values = rows.select(SearchText.id).sql()
        sets, given = "grams", []
        for old, new in names.items():
            sets = f"ts_delete({sets}, %s::text) || %s::tsvector"
            given += [SCOPE + old, f"'{SCOPE}{new}'"]
        return database.execute_sql(f"UPDATE search_gram SET grams = {sets} WHERE id IN ({ids})",  # noqa: S608
                                    [*given, *values]).rowcount
    number = 0
    for some in chunked(rows.tuples().iterator(), 500):
        marks = ", ".join("?" * len(some))
        database.execute_sql(f"DELETE FROM search_gram WHERE rowid IN ({marks})", [key for key, _, _ in some])
        rows_of = [(key, " ".join(tokens(text, scopes[row_id]))) for key, row_id, text in some]
        database.execute_sql(f"INSERT INTO search_gram (rowid, grams) VALUES {', '.join(['(?, ?)'] * len(some))}",
                             [value for row in rows_of for value in row])
        number += len(some)
    return number


def remove(owner: str, row_id: int) -> None:
    row = SearchText.get_or_none((SearchText.owner == owner) & (SearchText.row_id == row_id))
    if row is not None:
        database.execute_sql(f"DELETE FROM search_gram WHERE {_key()} = {_mark()}", (row.id,))
        row.delete_instance()


def ids(owner: str, query: str):
    """Return the subquery of the row ids of `owner` that contain every word of `query`, or None for an empty query."""
    return matching(owner, match(query)) if phrases(query) else None


def match(query: str, scope: str = "") -> str:
    """Return `query`, within `scope`, in the words of the engine; "" where nothing in it can be searched for."""
    wanted = phrases(query)
    if wanted and scope:
        wanted.append(([SCOPE + scope], False))
    return _tsquery(wanted) if is_postgres() else _fts_query(wanted)


def matching(owner: str, words, newest: int = 0, until=None):
    """Return the subquery of the row ids of `owner` for what `match` returned, or for its slot in a prepared query.

    With `newest` only so many of the rows that were indexed last are looked at: a common word of a county stands in
    a hundred thousand. `until`, a subquery of one row id of `owner`, is where they begin.
    """
    bound = SearchText.select(SearchText.id).where(
        SearchText.owner == owner, SearchText.row_id == until).sql() if until is not None else ("", [])
    found = (_in_blocks if is_postgres() and newest else _in_order)(words, int(newest), *bound)
    return SearchText.select(SearchText.row_id).where(
        unindexed(SearchText.owner) == owner, SearchText.id.in_(found))


def _in_order(words, newest: int, bound: str, given: list) -> SQL:
    """Return the subquery of the rows with `words`, `newest` of them; FTS5 walks from the newest on by itself."""
    key, condition = ("id", "grams @@ %s::tsquery") if is_postgres() else ("rowid", "grams MATCH ?")
    until = f" AND {key} <= ({bound})" if bound else ""
    order = f" ORDER BY {key} DESC LIMIT {newest}" if newest else ""
    return SQL(f"(SELECT {key} FROM search_gram WHERE {condition}{until}{order})", [words, *given])


#: Rows are indexed by blocks of 2 ** BLOCK of them as well. So many of the newest blocks are asked, then so many before
#: them, and so on, until enough is found: a common word never gets beyond the first, a rare one costs little in all.
BLOCK, STRETCHES = 15, (1, 3, 12, 48)


def _in_blocks(words, newest: int, bound: str, given: list) -> SQL:
    """The same for PostgreSQL, whose GIN index knows no order: it would collect all rows with a common word, or, where
    it takes that for too many, walk through the table until it has met enough."""
    last = f"(({bound or 'SELECT max(id) FROM search_gram'}) >> {BLOCK})"
    parts, values, begin = [], [], 0
    for number in (*STRETCHES, None):
        block, first = f"ARRAY[id >> {BLOCK}]", f"{last} - {begin}"
        here = f"{block} && ARRAY(SELECT generate_series({first} - {number - 1}, {first}))" if number else (
            f"id < ({first} + 1) << {BLOCK}")
        until = f" AND id <= ({bound})" if bound else ""
        # The sum keeps the planner from walking along the key.
        parts.append(f"(SELECT id FROM search_gram WHERE grams @@ %s::tsquery AND {here}{until} "
                     f"ORDER BY id + 0 DESC LIMIT {newest})")
        values += [words, *given * (2 if number else 1), *(given if bound else [])]
        begin += number or 0
    return SQL(f"(SELECT id FROM ({' UNION ALL '.join(parts)}) AS stretches LIMIT {newest})", values)


def _key() -> str:
    return "id" if is_postgres() else "rowid"


def _mark() -> str:
    return "%s" if is_postgres() else "?"


def _vector(tokens: list[str]) -> str:
    # A tsvector keeps positions up to 16383 only; LONGEST stays below.
    return " ".join(f"'{token}':{position}" for position, token in enumerate(tokens, 1))


def _tsquery(wanted) -> str:
    parts = []
    for tokens, prefix in wanted:
        part = " <-> ".join(f"'{token}'" + (":*" if prefix and token == tokens[-1] else "") for token in tokens)
        parts.append(f"({part} | '{INITIALS}{tokens[0]}':*)" if _may_be_initials(tokens) else f"({part})")
    return " & ".join(parts)


def _fts_query(wanted) -> str:
    parts = []
    for tokens, prefix in wanted:
        part = '"' + " ".join(tokens) + '"' + ("*" if prefix else "")
        parts.append(f'({part} OR "{INITIALS}{tokens[0]}"*)' if _may_be_initials(tokens) else part)
    return " AND ".join(parts)


def _may_be_initials(tokens: list[str]) -> bool:
    return len(tokens) == 1 and is_initials(tokens[0])
