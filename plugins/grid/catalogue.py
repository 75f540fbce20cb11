"""What can be reported: kinds of events, each with its duty, its finer kinds, and who in the county is in charge."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files

DATA = files("plugins.grid") / "data"


@dataclass(frozen=True)
class Category:
    """A kind of event; `charge` are the last words of the names of the county's office that is in charge."""

    key: str
    title: str
    duty: str
    icon: str
    charge: tuple[str, ...]
    phrases: tuple[str, ...]
    subs: dict[str, str]
    compulsory: bool = False

    @property
    def setting(self) -> str:
        return f"grid.in_charge_{self.key}"


def _read() -> dict[str, Category]:
    rows = tomllib.loads((DATA / "events.toml").read_text(encoding="utf-8"))["category"]
    return {
        row["key"]: Category(
            row["key"], row["title"], row["duty"], row["icon"], tuple(row["charge"]), tuple(row["phrases"]),
            dict(row["subs"]), row.get("compulsory", False),
        )
        for row in rows
    }


CATEGORIES = _read()
#: {finer kind: its category}; the keys are unique over all categories.
CATEGORY_OF = {sub: category for category in CATEGORIES.values() for sub in category.subs}


def title_of(category: str, sub: str) -> str:
    """Return 公共设施 / 护栏, or 公共设施 where nothing finer was chosen."""
    found = CATEGORIES[category]
    return f"{found.title} / {found.subs[sub]}" if sub in found.subs else found.title
