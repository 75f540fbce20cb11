"""Pages of a list, newest first, by the id of the last row: never by counting rows that are skipped.

A table that is in memory as a whole, because it is summed up and sorted by what was summed up, has numbered pages.
"""

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Numbered:
    """Which page of `rows` rows is shown, counted from 1; `page` is 0 where all are."""

    rows: int
    page: int
    size: int = PAGE

    @property
    def pages(self) -> int:
        return max(-(-self.rows // self.size), 1)

    @property
    def part(self) -> slice:
        """The rows of the page; of a number beyond the last page those of the last."""
        if not self.page:
            return slice(0, self.rows)
        begin = (self.nearest - 1) * self.size
        return slice(begin, min(begin + self.size, self.rows))

    @property
    def nearest(self) -> int:
        """The page itself, or the last where there are fewer; 0 where all rows are shown."""
        return min(self.page, self.pages)

    def pager(self, address) -> dict | None:
        """Return what the macro pager places, None where one page holds all; `address(page)` gives a page's URL."""
        if self.pages == 1:
            return None
        page = self.nearest
        if not page:
            return {"text": f"全部 {self.rows:,} 行", "pages_url": address(None)}
        return {
            "text": f"共 {self.rows:,} 行，第 {page} 页，共 {self.pages} 页",
            "prev_url": address(page - 1 if page > 2 else None) if page > 1 else None,
            "next_url": address(page + 1) if page < self.pages else None,
        }


def asked_page() -> int:
    """Return the page that the address asks for (?page=3), 0 for ?page=all; what is neither asks for the first."""
    return 0 if request.args.get("page") == "all" else max(request.args.get("page", 1, type=int), 1)


def _id(text: str) -> int:
    number = int(text)
    if not 0 <= number <= LARGEST_ID:
        raise ValueError(text)
    return number
