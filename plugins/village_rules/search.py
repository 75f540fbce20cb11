from plugins.village_rules.models import Charter, Clause, Meeting
from portal.kit import SQL, Hit, Unit, url_for


def find(person, words: str, limit: int) -> list[Hit]:
    """Return the clauses and meetings of the person's area that hold all the words, in one query."""
    return [_hit(*row) for row in _clauses(person, words).union_all(_meetings(person, words)).limit(limit).tuples()]


def _clauses(person, words: str):
    query = (
        Charter.seen_by(person).select(SQL("'clause'"), Charter.id, Unit.short, Clause.heading, Clause.text,
                                       Clause.position, Clause.id)
        .join(Unit).join_from(Charter, Clause, on=(Clause.charter == Charter.id))
    )
    for word in words.split():
        query = query.where(Clause.text.contains(word) | Clause.heading.contains(word))
    return query


def _meetings(person, words: str):
    query = (
        Meeting.seen_by(person).select(SQL("'meeting'"), Meeting.id, Unit.short, Meeting.subject, Meeting.place,
                                       SQL("0"), Meeting.id).join(Unit)
    )
    for word in words.split():
        query = query.where(Meeting.subject.contains(word))
    return query


def _hit(what: str, key: int, village: str, title: str, text: str, position: int, row: int) -> Hit:
    if what == "meeting":
        return Hit(title, url_for("village_rules.meeting", meeting_id=key), f"{village}，{text}", "会议", "users-group")
    url = url_for("village_rules.charter", charter_id=key) + f"#clause-{row}"
    return Hit(f"{village}村规民约第 {position} 条 {title}".strip(), url, text[:40], "村规民约", "gavel")
