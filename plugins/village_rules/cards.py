"""What the workbench says of self-government: what is due, and where to go for it."""

from plugins.village_rules import law
from plugins.village_rules.models import Meeting, Round
from portal.kit import SQL, Card, Unit, fn, today, url_for


def _due(person) -> dict | None:
    """Return what a village owes now; of a town, how many of its villages have not met this quarter."""
    unit = person.post.unit if person.post else None
    if unit is None:
        return None
    if unit.village_id is not None:
        return _of_village(unit.village_id) if person.may("village_rules.draft") else None
    if unit.town_id is not None and person.may("village_rules.review"):
        return _of_town(unit.town_id)
    return None


def _of_village(village_id: int) -> dict | None:
    """One query: the last meeting of each body, and the oldest board that waits to be posted."""
    last = Meeting.select(Meeting.body, fn.MAX(Meeting.held_on), SQL("0")).where(
        Meeting.village_id == village_id).group_by(Meeting.body)
    waiting = Round.select(Round.state, fn.MIN(Round.month), fn.MIN(Round.id)).where(
        Round.village_id == village_id, Round.state != "posted").group_by(Round.state)
    rows = {name: (day, key) for name, day, key in last.union_all(waiting).tuples()}
    found = []
    for body in ("assembly", "villagers"):
        day = rows.get(body, (None, 0))[0]
        cycle = law.cycle(body, law.as_day(day), today())
        if cycle.owed:
            found.append({"text": cycle.sentence, "url": url_for("village_rules.meetings", body=body),
                          "tone": "over" if cycle.overdue else "warn", "word": "超期" if cycle.overdue else "待开"})
    waits = (("scoring", "评比还没有确认结果。", "评分中"), ("confirmed", "评比结果还没有张榜。", "待张榜"))
    for state, text, word in waits:
        if state in rows:
            month = law.as_day(rows[state][0])
            found.append({"text": f"{month.year} 年 {month.month} 月{text}", "tone": "warn", "word": word,
                          "url": url_for("village_rules.round", round_id=rows[state][1])})
    return {"rows": found} if found else None


def _of_town(town_id: int) -> dict | None:
    met = Meeting.select(fn.COUNT(fn.DISTINCT(Meeting.unit))).where(
        Meeting.town_id == town_id, Meeting.body == "assembly", Meeting.held_on >= law.quarter_start(today()))
    villages, held = Unit.select(fn.COUNT(Unit.id), met).where(
        Unit.town_id == town_id, Unit.level == "village", Unit.valid_to.is_null()).tuples().first()
    if not villages or held >= villages:
        return None
    text = f"本季度 {villages} 个村（社区）中，{held} 个已召开村民代表会议，{villages - held} 个还没有记录。"
    return {"rows": [{"text": text, "url": url_for("village_rules.figures"), "tone": "warn", "word": "待开"}]}


CARDS = [Card(60, "village_rules", "村民自治", "village_rules/card.html", _due, "village_rules.read")]
