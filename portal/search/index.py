"""Put rows into the index and find them again. Both happen in the caller's transaction, so the index never lags."""

from peewee import SQL

from portal.db import database, is_postgres
from portal.search.grams import grams, phrases
from portal.search.models import SearchText

#: Longer texts are indexed by their beginning only.
LONGEST = 4000


#: Begins the token of a place. It is no letter, so no word that somebody types contains it.
SCOPE = "§"


def put(owner: str, row_id: int, text: str, scope: tuple[str, ...] = ()) -> None:
    """Index the row `row_id` of `owner` by `text`; what it was indexed by before is replaced.

    `scope` names what never changes about where the row lies ("t12"): a search that gives one of them looks
    through the rows of that place only, instead of through all rows that hold a common word.
    """
    text = text[:LONGEST]
    row = SearchText.get_or_none((SearchText.owner == owner) & (SearchText.row_id == row_id))
    if row is not None:
        if row.text == text:
            return
        SearchText.update(text=text).where(SearchText.id == row.id).execute()
        database.execute_sql(f"DELETE FROM search_gram WHERE {_key()} = {_mark()}", (row.id,))
    else:
        row = SearchText.create(owner=owner, row_id=row_id, text=text)
    put_grams(row.id, tokens(text, scope))


def tokens(text: str, scope: tuple[str, ...] = ()) -> list[str]:
    """Return what a row with `text` in `scope` is indexed by."""
    return [*grams(text), *(SCOPE + name for name in scope)]


def put_grams(key: int, found: list[str]) -> None:
    """Index the row `key` of SearchText by `found`; it must not be there yet."""
    if is_postgres():
        database.execute_sql("INSERT INTO search_gram (id, grams) VALUES (%s, %s::tsvector)", (key, _vector(found)))
    else:
        database.execute_sql("INSERT INTO search_gram (rowid, grams) VALUES (?, ?)", (key, " ".join(found)))


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


def matching(owner: str, words):
    """Return the subquery of the row ids of `owner` for what `match` returned, or for its slot in a prepared query."""
    if is_postgres():
        found = SQL("(SELECT id FROM search_gram WHERE grams @@ %s::tsquery)", (words,))
    else:
        found = SQL("(SELECT rowid FROM search_gram WHERE grams MATCH ?)", (words,))
    return SearchText.select(SearchText.row_id).where(SearchText.owner == owner, SearchText.id.in_(found))


def _key() -> str:
    return "id" if is_postgres() else "rowid"


def _mark() -> str:
    return "%s" if is_postgres() else "?"


def _vector(tokens: list[str]) -> str:
    # A tsvector keeps positions up to 16383 only; LONGEST stays below.
    return " ".join(f"'{token}':{position}" for position, token in enumerate(tokens, 1))


def _tsquery(wanted) -> str:
    return " & ".join(
        "(" + " <-> ".join(f"'{token}'" + (":*" if prefix and token == tokens[-1] else "") for token in tokens) + ")"
        for tokens, prefix in wanted
    )


def _fts_query(wanted) -> str:
    return " AND ".join('"' + " ".join(tokens) + '"' + ("*" if prefix else "") for tokens, prefix in wanted)
