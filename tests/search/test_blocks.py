"""A search for the newest asks the newest blocks of rows first: it finds the same rows as one that looks at all."""

import pytest
from peewee import SQL

from portal import search
from portal.db import atomic
from portal.search import index
from portal.search.models import SearchText

ROWS = 40


@pytest.fixture(scope="module")
def rows(stage):
    """So many rows with a common word, the first of them with a rare one too; the newest first."""
    with stage.test_request_context(), atomic():
        for number in range(1, ROWS + 1):
            rare = "彩礼" if number == 1 else ""
            search.put("blocks", number, f"路灯不亮{rare} {number}", ("t7",) if number % 2 else ())
    return list(range(ROWS, 0, -1))


@pytest.fixture(params=[1, 15])
def size(monkeypatch, request):
    """Blocks of two rows, so that these rows fill several stretches, and as they are."""
    monkeypatch.setattr(index, "BLOCK", request.param)


def found(stage, words: str, newest: int, scope: str = "", until: int | None = None) -> list[int]:
    with stage.test_request_context():
        end = SearchText.select(SQL(str(until))) if until else None
        query = search.matching("blocks", search.match(words, scope), newest, end and end.limit(1))
        return sorted((key for (key,) in query.tuples()), reverse=True)


@pytest.mark.parametrize("newest", [1, 5, 13, 39, 100])
def test_a_common_word_finds_the_newest(stage, rows, size, newest):
    assert found(stage, "路灯", newest) == rows[:newest]
    assert found(stage, "路灯", newest, "t7") == [key for key in rows if key % 2][:newest]


def test_a_rare_word_is_found_in_the_oldest_row_and_an_absent_one_nowhere(stage, rows, size):
    assert found(stage, "彩礼", 5) == [1]
    assert found(stage, "天文", 5) == []


@pytest.mark.parametrize("until", [1, 2, 9, 38])
def test_with_an_end_nothing_newer_is_found(stage, rows, size, until):
    assert found(stage, "路灯", 5, until=until) == [key for key in rows if key <= until][:5]
