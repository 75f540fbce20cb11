"""Pages of a list, newest first, by the id of the last row: never by counting rows that are skipped."""

from flask import request, url_for

PAGE = 50
LARGEST_ID = 2**63 - 1


def page_of(query, key, endpoint: str, *, size: int = PAGE, **kept) -> tuple[list, dict]:
    """Return the rows of one page of `query`, the largest `key` (an id column) first, and what the macro pager places.

    The address says where the page begins (?after=ID); `kept` are the filters that its links carry along.
    """
    after = request.args.get("after", type=_id)
    kept = {name: value for name, value in kept.items() if value not in (None, "")}
    rows = list((query.where(key < after) if after else query).order_by(key.desc()).limit(size + 1))
    following = url_for(endpoint, after=getattr(rows[size - 1], key.name), **kept) if len(rows) > size else None
    return rows[:size], {
        "text": f"本页 {min(len(rows), size)} 条", "next_url": following,
        "prev_url": url_for(endpoint, **kept) if after else None,
    }


def _id(text: str) -> int:
    number = int(text)
    if not 0 <= number <= LARGEST_ID:
        raise ValueError(text)
    return number
