"""The tables of the database as they stand, and a way of taking a plugin's scripts back and running them again."""

from portal.db import database
from portal.migrations import Owner


def schema() -> dict[str, str]:
    """Return how each table, index and trigger of an SQLite database was made, by its name."""
    rows = database.execute_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: " ".join(sql.split()) for name, sql in rows}


def down_and_up(owner: Owner) -> list[str]:
    """Take the scripts of `owner` back, the last first, and run them again; return what stood while they were away,
    the history aside."""
    runner = owner.runner()
    names = [script.name for script in runner.status()]
    for name in reversed(names):
        runner.down(name)
    left = [name for name in schema() if not name.startswith(f"{owner.slug}_migration")]
    for name in names:
        runner.up(name)
    return left
