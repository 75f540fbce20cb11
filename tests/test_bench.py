"""The bench in small: its table has every row on both engines, and no query of the pages examines more than a hundred
times what it returns. What it says of time is no test: it depends on the machine."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from bench.asked import names
from tests.conftest import POSTGRES, _missing

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def said():
    """What the bench prints of ten thousand cases. It compares its counters with the product's recount by itself."""
    try:
        psycopg.connect(POSTGRES).close()
    except psycopg.OperationalError as error:
        _missing(f"no PostgreSQL at PORTAL_TEST_POSTGRES ({error})")
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--cases", "10000", "--beside", "10000", "--requests", "1", "--database",
         POSTGRES], cwd=ROOT, capture_output=True, text=True, timeout=900,
        env={name: text for name, text in os.environ.items() if not name.startswith("PORTAL_")},
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.mark.parametrize("engine", ["SQLite", "PostgreSQL"])
def test_the_table_has_every_row_on_both_engines(said, engine):
    table = said.partition(f"\n{engine}, 10,000 cases")[2].partition("\n\n")[2].partition("\n\n")[0]
    rows = [" ".join(line.split()) for line in table.splitlines()]
    for name, level in names():
        assert any(row.startswith(f"{name} {level}") for row in rows), (name, level, table)


def test_no_query_examines_more_than_a_hundred_times_what_it_returns(said):
    assert "\n0 queries examine more than a hundred times what they return." in said
