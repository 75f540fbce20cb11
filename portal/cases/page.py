"""What the page of one case shows, prepared for the template."""

import functools

from flask import current_app, url_for
from jinja2 import pass_context
from markupsafe import Markup
from peewee import JOIN, fn

from portal import files, papers
from portal.access import who_asks
from portal.accounts.models import User
from portal.cases import assists, clock_card, duties, voiding
from portal.cases.clock import light_of
from portal.cases.kinds import contents_seen, kind_of, kinds, plugin_of
from portal.cases.ledger import available
from portal.cases.lens import Reader, holds, through_any
from portal.cases.models import RATINGS, Case
from portal.cases.place import place_name
from portal.cases.referral import ids_of
from portal.cases.supervision import on_case
from portal.cases.timeline import entries
from portal.org.models import Unit
from portal.people.models import Resident
from portal.prepared import PreparedModels
from portal.registry import registry_of

TONES = {"closed": "ok", "cancelled": "", "paused": "warn"}
REPLY_CHANNELS = {"face": "当面", "phone": "电话", "paper": "书面", "door": "上门"}

#: Stands where a plugin's own part of the page should be.
MISSING = Markup('<p class="muted">这一部分暂时显示不了，其余内容不受影响。</p>')

Place = Unit.alias()


def find(person, case_id: int) -> Case | None:
    """Return the case, with responsible unit, person, resident and place, if one of the person's lenses reaches it."""
    if person.post is None or case_id >= 2**63:
        return None
    reader = Reader.of(person)
    return next(iter(_one(reader.shape)(**reader.values, case=case_id)), None)


@functools.lru_cache(maxsize=200)
def _one(shape: tuple) -> PreparedModels:
    place = fn.COALESCE(Case.grid_id, Case.village_id, Case.town_id, Case.county_id)
    return PreparedModels(lambda slots: (
        Case.select(Case, Unit, User, Resident, Place).join(Unit, on=(Case.unit == Unit.id))
        .join_from(Case, User, JOIN.LEFT_OUTER, on=(Case.person == User.id))
        .join_from(Case, Resident, JOIN.LEFT_OUTER, on=(Case.resident == Resident.id))
        .join_from(Case, Place, on=(Place.id == place), attr="place")
        .where(Case.id == slots.case, *through_any(Reader.in_slots(shape, slots)))
    ))


def attach(upload, case: Case, by):
    """Keep an uploaded file with the case, in the caller's transaction; returns its row.

    Raises Refused for a file that is too large, empty, or of a kind that is not taken (by its content).
    """
    return files.store(upload, owner_type="case", owner_id=case.id, county_id=case.county_id, by=by)


def head(case: Case, steps=()) -> dict:
    """Return who must do what by when: the first thing on the page."""
    state = kind_of(case).workflow.state(case.state)
    return {
        "what": state.duty or state.title, "unit": case.unit.short, "light": light_of(case), "told": _told(case),
        "who": case.person.full_name if case.person_id else "",
        "until": until(case),
        "buttons": [
            {"label": step.title, "url": url_for("cases.step", case_id=case.id, step=step.name),
             "primary": number == 0 and step.primary, "danger": step.tone == "danger"}
            for number, step in enumerate(steps)
        ],
    }


def until(case: Case) -> str:
    if not case.due:
        return ""
    return f"{case.due:%m 月 %d 日}{'（暂按推算）' if clock_card.is_estimated(case) else ''}"


def _told(case: Case) -> str:
    """Return why the clock stands still, or what came of the case."""
    if case.paused_at:
        expected = f"预计 {case.resume_by:%m-%d} 结束。" if case.resume_by else ""
        return f"{case.paused_at:%m-%d %H:%M} 起停表：{case.pause_reason}。{expected}停表的时间不计入时限。"
    if case.is_open:
        return ""
    because = f"没有答复，因为{case.no_reply_because}。" if case.no_reply_because and not case.replied else ""
    return f"{case.closed:%Y-%m-%d %H:%M} 办结。{because}"


def view(case: Case) -> dict:
    """Return everything that the page of `case` places; to whom the contents are closed, only how it stands."""
    kind, person, events = kind_of(case), who_asks(), entries(case)
    common = {"case": case, "kind": kind, "state": kind.workflow.state(case.state), "linked": linked(case, events),
              "assists": assists.shown(case, person)}
    if not contents_seen(case, person):
        return {**common, "closed_to_me": True, "next": head(case), "facts": _place_and_time(case, kind),
                "pressed": on_case.view(case, person, closed=True),
                "entries": [_entry(kind, event, closed=True) for event in reversed(events)]}
    steps = available(case, person)
    return {
        **common, "next": duties.completed(head(case, steps), case, person), "facts": _facts(case, kind),
        "pressed": on_case.view(case, person),
        "entries": [_entry(kind, event) for event in reversed(events)],
        "replies": [_reply(event) for event in reversed(events) if event.data.get("reply")],
        "clock": clock_card.of(case, person), "attachments": attachments(case), "papers": papers.of(case, person),
        "rating": RATINGS.get(case.rating),
        "may_void": voiding.offered(case, person, events),
        "may_rate": may_rate(case, person), "holding": holds(person, case),
        **(_asked(case, "prepare", kind.prepare, case, person, default={}) if kind.prepare else {}),
        "block": _block,
    }


#: Entries that leave the version of a case as it is: nobody who fills in a form at that moment is disturbed by them.
BESIDE = (
    "note", "refer", "referral_ended", "told", "recompute", "remind", "supervise", "order_accepted", "order_answered",
    "order_returned", "order_closed", "order_withdrawn", "instruct", "feedback",
)


def is_version(event) -> bool:
    """Tell whether an entry of the timeline came with a new version of its case; a note does if it is a signature."""
    return event.step not in BESIDE or bool(event.data.get("signed"))


def since(case: Case, version: int) -> list[dict]:
    """Return the entries by which the case went from `version` to the present one, newest first, with what was written
    beside them; none for a senseless version. Each change of a case is one version and one entry."""
    left = case.version - version
    if not 0 < version < case.version:
        return []
    found = []
    for event in reversed(entries(case)):
        found.append(event)
        left -= is_version(event)
        if not left:
            break
    return [_entry(kind_of(case), event) for event in found]


def linked(case: Case, events) -> list[dict]:
    """Return the cases that this one came from or was handed over to, as links for those who may open them."""
    ids = ids_of(case, events)
    if not ids:
        return []
    reader = Reader.of(who_asks())
    seen = {key for (key,) in Case.select(Case.id).where(Case.id.in_(ids), *through_any(reader)).tuples()}
    rows = Case.select(Case.id, Case.number, Case.kind).where(Case.id.in_(ids)).order_by(Case.id)
    return [
        {"number": one.number, "title": plugin_of(one.kind).title, "came_from": one.id == case.source_case_id,
         "url": url_for("cases.show", case_id=one.id) if one.id in seen else ""}
        for one in rows if one.kind in kinds()
    ]


def may_rate(case: Case, person) -> bool:
    """Tell whether a rating can be recorded now: there was an answer, nobody has rated, and a person had come."""
    return case.rating is None and case.replied is not None and bool(case.applicant) and person.may("cases.note")


def sees_resident(case: Case, person) -> bool:
    """Tell whether the person may open the page of who came: they may be registered in another village, and a line
    sees nobody by itself (Resident.seen_by)."""
    if not (case.resident_id and person.may("people.read")):
        return False
    column, value = person.area
    return getattr(case.resident, column, None) == value


def attachments(case: Case) -> list[dict]:
    own = who_asks().id
    return [
        {"name": one.name, "size_text": one.size_text, "by": one.by_name, "at": one.at, "id": one.id,
         "own": one.by_id == own,
         "url": url_for("cases.attachment", case_id=case.id, attachment_id=one.id)}
        for one in files.of("case", case.id)
    ]


def _place_and_time(case: Case, kind) -> list[tuple]:
    source = dict(kind.channels).get(case.channel, case.channel)
    return [("地点", place_name(case)), ("来源", source), ("登记时间", f"{case.opened:%Y-%m-%d %H:%M}")]


def _facts(case: Case, kind) -> list[tuple]:
    who = [(kind.applicant_label, case.applicant)] if case.applicant else []
    told = _asked(case, "facts", _told_facts, kind, case, default=[]) if kind.facts else []
    return who + _place_and_time(case, kind) + told


def _told_facts(kind, case: Case) -> list[tuple]:
    """Return what the plugin tells of the case, in a form that the page can place: each has a label and a value."""
    found = [tuple(fact) for fact in kind.facts(case)]
    if not all(len(fact) in (2, 3) and "".join(map(str, fact[:2])) for fact in found):
        raise ValueError("a fact is a label and a value")
    return found


@pass_context
def _block(context) -> Markup:
    """Place the plugin's own part of the page; where it fails, the rest stands."""
    kind = context["kind"]

    def drawn() -> Markup:
        return Markup(context.environment.get_template(kind.template).render(context.get_all()))

    return _asked(context["case"], "block", drawn, default=MISSING) if kind.template else Markup("")


def _asked(case: Case, part: str, call, *arguments, default):
    """Return what the plugin of the case says; where it fails, the page stands without it."""
    return registry_of(current_app).guarded(
        plugin_of(case.kind), call, *arguments, default=default, kind=type(default),
        hook=f"portal_cases.{case.kind} {part}")


def _entry(kind, event, closed: bool = False) -> dict:
    state = kind.workflow.state(event.to_state)
    absent = event.data.get("stands_in_for")
    who = f"{event.actor_name}（代{absent}）" if absent else event.actor_name
    moved = f"（现由{event.holder_name}负责）" if event.from_state != event.to_state and event.step != "open" else ""
    return {
        "at": event.at, "who": who, "unit": f"{event.unit_name} {event.post_title}".strip(),
        "title": event.title, "text": moved if closed else f"{event.text}{moved}",
        "tone": TONES.get(state.phase, ""), "attachments": [],
    }


def _reply(event) -> dict:
    how = REPLY_CHANNELS.get(event.data.get("channel"), "")
    return {"text": event.data["reply"], "how": how, "who": event.actor_name, "at": event.at}
