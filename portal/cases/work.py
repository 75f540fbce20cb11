"""The open cases that hang on somebody's post, and what becomes of them when the post ends."""

from portal import notify
from portal.accounts.models import Post, User
from portal.accounts.work import other_posts
from portal.cases import staff, timeline
from portal.cases.kinds import kind_of, kinds
from portal.cases.models import Case
from portal.db import now
from portal.org.models import Unit
from portal.values import Finding, Refused, Work

#: A query asks for so many at most: databases limit the length of a list.
BATCH = 500
TOLD = 10


def hanging_on(post: Post) -> list[Work]:
    """Return the open cases that the holder of `post` has at its unit, unless another post of theirs carries them."""
    known = kinds()
    rows = (
        Case.select(Case.id, Case.number, Case.kind, Case.unit, Case.due, Unit.id, Unit.short).join(Unit)
        .where(Case.person == post.user_id, Case.closed.is_null(), Case.unit.in_(staff.at(post.unit)))
        .order_by(Case.due, Case.id)
    )
    rows = list(rows)
    carried = _carried(post) if rows else []
    return [
        Work(str(case.id), f"{case.number}（{known[case.kind].title if case.kind in known else case.kind}）",
             f"{case.unit.short}负责" + (f"，{case.due:%m 月 %d 日}到期" if case.due else ""))
        for case in rows
        if not any(case.unit_id in units and _works(case.kind, permissions) for units, permissions in carried)
    ]


def _carried(post: Post) -> list[tuple[set[int], set[str]]]:
    """Return for which units the other posts of the same person act, with what they permit."""
    return [
        ({key for (key,) in staff.at(other.unit).tuples()}, set(other.role.permissions)) for other in other_posts(post)
    ]


def _works(kind: str, permissions: set[str]) -> bool:
    known = kinds().get(kind)
    return known is not None and {known.read, staff.WORKING} <= permissions


def hand(post: Post, names: list[str], successor: Post | None, actor) -> None:
    """Give the cases to the successor, or to nobody in particular at the unit; each says so on its timeline."""
    ids, at, county = [int(name) for name in names], now(), post.unit.county_id
    who = post.user.full_name
    title = f"{who}移交给{successor.user.full_name}" if successor else f"{who}离岗，交回{post.unit.short}"
    known, units = {}, {}
    if successor is not None:
        staff.hold_posts(successor.user_id)
    for case_id in sorted(ids):
        case = timeline.locked(case_id)
        if not case.is_open or case.person_id != post.user_id:
            continue  # somebody was faster: it does not hang here any more
        if successor is not None and not _fits(successor, case, known):
            raise Refused(f"{successor.user.full_name}的岗位不能办{case.number}，请另选一位同事，或交回单位。", "to")
        case.person = successor.user_id if successor else None
        case.version += 1
        case.save(only=[Case.person, Case.version])
        timeline.append(case, actor, step="hand_work", title=title[:60], at=at, from_state=case.state)
        units.setdefault(case.unit_id, [case, 0])[1] += 1
    _tell(post, successor, units, county)


def _fits(successor: Post, case: Case, known: dict) -> bool:
    """Tell whether the successor is one of those who may be given the case; asked once for each unit and kind."""
    key = (case.unit_id, case.kind)
    if key not in known:
        known[key] = {user.id for user in staff.colleagues(case)} if case.kind in kinds() else set()
    return successor.user_id in known[key]


def _tell(post: Post, successor: Post | None, units: dict, county: int) -> None:
    who, count = post.user.full_name, sum(number for _, number in units.values())
    if successor is not None and count:
        notify.send([successor.user_id], "cases.moved_work", f"{who}移交给您 {count} 件", "/cases/desk",
                    county_id=county)
    if successor is None:
        for case, number in units.values():
            heads = staff.holding(case.unit, "cases.assign") or staff.workers(case.unit, kind_of(case))
            notify.send(heads, "cases.moved_work", f"{who}离岗，{number} 件交回{case.unit.short}，请安排人办理",
                        "/cases/desk", county_id=county)


def findings() -> list[Finding]:
    """Name the units whose open cases hang on somebody without a valid post there: they lie between two chairs."""
    held = list(
        Case.select(Case.unit, Case.person).where(Case.closed.is_null(), Case.person.is_null(False))
        .distinct().tuples()
    )
    if not held:
        return []
    acting = _acting({user for _, user in held})
    lost = sorted(pair for pair in held if pair not in acting)
    sentences = []
    for unit, user in lost[:TOLD]:
        cases = Case.select(Case.number).where(
            Case.unit == unit, Case.person == user, Case.closed.is_null()).order_by(Case.id).limit(3)
        named = "、".join(case.number for case in cases)
        sentences.append(
            f"{Unit.get_by_id(unit).name}的 {named} 等件还记在{User.get_by_id(user).full_name}名下，"
            "但他在那里已经没有有效的岗位；请运行一次“到期岗位的工作交回单位”，或在案件里重新交办。"
        )
    more = [f"……另有 {len(lost) - TOLD} 人的件没有交接。"] if len(lost) > TOLD else []
    return [Finding(sentence) for sentence in sentences + more]


def _acting(users: set[int]) -> set[tuple[int, int]]:
    """Return (unit, user) for each unit that one of `users` acts for today."""
    found, ordered = set(), sorted(users)
    for start in range(0, len(ordered), BATCH):
        posts = (
            Post.select(Post.user, Unit.id, Unit.parent, Unit.level, Unit.reach).join(Unit).switch(Post).join(User)
            .where(Post.user.in_(ordered[start:start + BATCH]), staff.valid_today()).tuples()
        )
        for user, unit, parent, level, reach in posts:
            found.add((unit, user))
            if level == "department" and reach == "area":
                found.add((parent, user))
            elif level in ("county", "town"):
                found |= {(office, user) for office in _offices(unit)}
    return found


def _offices(unit: int) -> list[int]:
    offices = Unit.select(Unit.id).where(Unit.parent == unit, Unit.level == "department", Unit.reach == "area")
    return [key for (key,) in offices.tuples()]
