from plugins.mediation.committees import seen_committees
from plugins.mediation.models import Committee, Mediator
from portal.kit import Hit, url_for


def find_committees(person, words: str, limit: int) -> list[Hit]:
    """Return the committees whose name matches, or that a mediator of this name works for."""
    words = " ".join(words.split())
    if not words:
        return []
    known = Mediator.select(Mediator.committee).where(Mediator.name == words)
    query = seen_committees(person).where(
        Committee.name.contains(words) | Committee.id.in_(known), Committee.dissolved_on.is_null())
    return [
        Hit(one.name, url_for("mediation.committee", committee_id=one.id), f"任期到 {one.term_ends:%Y-%m-%d}",
            "调解组织", "users-group")
        for one in query.order_by(Committee.id).limit(limit)
    ]
