"""What a person has not read yet: brought along by the query about the person, so that no page pays for it."""

from flask import current_app
from peewee import SQL, NodeList

from portal.accounts.models import User
from portal.accounts.person import BESIDE
from portal.db import is_postgres
from portal.registry import registry_of
from portal.values import Topic


def _column():
    """Return the subquery that gives 'cases.assigned 3,jobs.failed 1', from the index of what is unread alone."""
    joined = "STRING_AGG(topic || ' ' || n, ',')" if is_postgres() else "GROUP_CONCAT(topic || ' ' || n, ',')"
    counted = "SELECT topic, COUNT(*) AS n FROM notify_notice WHERE read_at IS NULL AND user_id = "
    return NodeList((SQL(f"(SELECT {joined} FROM ({counted}"), User.id, SQL(" GROUP BY topic) AS unread)")), glue="")


def bring_along() -> None:
    BESIDE["unread"] = _column


def topics(person=None) -> dict[str, Topic]:
    """Return the topics by name: all, or those that concern a person where they act now."""
    found = registry_of(current_app).values("portal_topics", None if person is None else person.enabled)
    return {topic.name: topic for topic in found}


def is_shown(topic: str, person) -> bool:
    """Tell whether notices of `topic` are shown to the person: the core's, and of plugins enabled where they act. The
    beginning of a topic's name is its plugin."""
    slug = topic.partition(".")[0]
    plugin = registry_of(current_app).plugins.get(slug)
    return plugin is not None and (plugin.level == "core" or slug in person.enabled)


def hidden(person) -> list[str]:
    """Return the plugins whose notices are not shown to the person now."""
    return [plugin.slug for plugin in registry_of(current_app).optional() if plugin.slug not in person.enabled]


def unread_of(person) -> dict[str, int]:
    """Return how many unread notices each topic has; what cannot be muted first, then in the order of the topics."""
    if not (text := person.beside.get("unread")):
        return {}  # what every page of somebody who has read all asks
    counts = {name: int(number) for name, number in (part.split(" ") for part in text.split(","))}
    order = {name: (topic.may_mute, place) for place, (name, topic) in enumerate(topics().items())}
    shown = [name for name in counts if is_shown(name, person)]
    return {name: counts[name] for name in sorted(shown, key=lambda name: order.get(name, (True, len(order))))}
