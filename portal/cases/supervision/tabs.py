"""The three pages of supervision, as the switch above each of them shows them."""

from flask import url_for

PAGES = {"cases.overdue": "超期清单", "cases.orders": "督办单", "cases.instructions": "批示"}


def tabs(here: str, person) -> list[dict]:
    found = [{"label": label, "url": url_for(endpoint), "active": endpoint == here}
             for endpoint, label in PAGES.items()]
    if person.may("cases.change_rules"):
        found.append({"label": "督办规则", "url": url_for("cases.rules"), "active": here == "cases.rules"})
    return found
