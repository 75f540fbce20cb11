"""The signed-in person as every page sees them: who they are, and in which post they act."""

import datetime
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from flask import current_app, g, request
from peewee import JOIN, DatabaseError, fn

from portal.accounts import second_factor
from portal.accounts.models import Absence, Post, Role, Session, User
from portal.accounts.passwords import is_outdated
from portal.calendar.days import revision as calendar_revision
from portal.db import atomic, impatient, is_postgres, now, today
from portal.org.enablement import enabled_for, revision
from portal.org.models import Unit, UnitRef
from portal.partitions import within
from portal.prepared import Prepared

log = logging.getLogger(__name__)

ADMIN_ROLES = ("system_admin", "security_admin", "audit_admin")


@dataclass(frozen=True, slots=True)
class ActivePost:
    """One post: its unit, its role, and what the role permits."""

    id: int
    title: str
    role: str
    role_title: str
    unit: UnitRef
    permissions: frozenset[str]
    county: str = ""
    offices: tuple[int, ...] = ()
    #: (user id, full name) of the colleagues at this unit who are away today and for whom this post stands in.
    stands_in: tuple[tuple[int, str], ...] = ()

    @property
    def unit_name(self) -> str:
        return self.unit.short


class Person:
    """What flask-login's `current_user` is for somebody who signed in, and what acts in the ledger."""

    is_authenticated = is_active = True
    is_anonymous = False

    def __init__(self, user: User, posts: list[ActivePost], post_id: int | None = None, session=None, token: str = "",
                 switched: str | None = None, beside: dict | None = None):
        self.user, self.posts, self.session, self._token, self._switched = user, posts, session, token, switched
        self.id, self.login, self.name, self.full_name = user.id, user.name, user.full_name, user.full_name
        self.large_type = user.large_type
        self.beside = beside or {}
        self.post = next((post for post in posts if post.id == post_id), posts[0] if posts else None)

    def get_id(self) -> str:
        return self._token

    @cached_property
    def must_change_password(self) -> bool:
        return self.user.must_change or is_outdated(self.user, current_app.config["PORTAL"]["password_profile"])

    @property
    def is_administrator(self) -> bool:
        return any(post.role in ADMIN_ROLES for post in self.posts)

    @cached_property
    def must_first(self) -> str:
        """The endpoint of what this person must do before anything else: a new password, a second factor; or ""."""
        if self.must_change_password:
            return "accounts.change_password"
        return "accounts.set_up_second_factor" if second_factor.is_required(self) else ""

    @cached_property
    def session_limits(self) -> tuple[datetime.timedelta, datetime.timedelta]:
        """How long a session lasts without use, and at most; administrators are given less time."""
        settings = current_app.config["PORTAL"]
        admin = self.is_administrator
        idle = settings["admin_idle_minutes" if admin else "idle_minutes"]
        return datetime.timedelta(minutes=idle), datetime.timedelta(hours=settings["session_hours"])

    @property
    def area(self) -> tuple[str, int] | None:
        return self.post.unit.area if self.post else None

    @cached_property
    def enabled(self) -> frozenset[str]:
        """The plugins that are enabled where the active post belongs."""
        return enabled_for(self.post.unit, self._switched) if self.post else frozenset()

    @cached_property
    def acts_for(self) -> frozenset[int]:
        """The ids of the units for which the active post acts: its own; an office also for the unit that it belongs
        to, and a county's or town's own staff also for its offices. So nothing that lies with one of them waits for
        somebody who cannot touch it."""
        unit = self.post.unit if self.post else None
        if unit is None:
            return frozenset()
        if unit.level == "department":
            return frozenset({unit.id, unit.parent_id} if unit.reach == "area" else {unit.id})
        return frozenset({unit.id, *self.post.offices})

    @cached_property
    def stands_in_for(self) -> dict[int, str]:
        """The full names of those for whom the active post stands in today (代理), by user id."""
        return dict(self.post.stands_in) if self.post else {}

    def may(self, permission: str, unit=None) -> bool:
        """Tell whether the active post holds `permission` and, where a unit is given, reaches it."""
        if self.post is None or permission not in self.post.permissions:
            return False
        return unit is None or self.post.unit.covers(unit)


class Anonymous:
    """Nobody: what `current_user` is before signing in. Loads nothing and may nothing."""

    is_authenticated = is_active = must_change_password = large_type = False
    is_anonymous = True
    must_first = ""
    id = post = session = area = None
    name = full_name = login = ""
    posts: list = []
    enabled: frozenset = frozenset()
    acts_for: frozenset = frozenset()
    stands_in_for: dict = {}

    def get_id(self):
        return None

    def may(self, permission: str, unit=None) -> bool:
        return False


#: What rooms above bring along in the query about the signed-in person, so that it costs the page no query of its own:
#: {name: a function that makes the column, correlated with User.id}. The values are in `Person.beside`.
BESIDE: dict[str, Callable] = {}


class System(Anonymous):
    """What acts where nobody is signed in: a job. Its name stands on the timeline."""

    full_name = "系统"


SYSTEM = System()

UNIT_FIELDS = tuple(getattr(Unit, name) for name in UnitRef.__slots__)


#: What one row of a person holds: the post, its role, its unit, and the county's name for the head of the page.
County = Unit.alias()
Office = Unit.alias()
Away = User.alias()


def _joined(text, mark: str):
    """Return the values of `text` as one text, which each engine makes its own way."""
    return fn.STRING_AGG(text, mark) if is_postgres() else fn.GROUP_CONCAT(text, mark)


def _post_columns(day) -> tuple:
    """Return the columns of a post on a `day`; the ids of its unit's offices come as one text ("3,8"), and so does for
    whom it stands in ("17:张国强", a line each)."""
    offices = Office.select(_joined(Office.id.cast("text"), ",")).where(
        Office.parent == Unit.id, Unit.level.in_(("county", "town")), Office.level == "department",
        Office.reach == "area",
    )
    named = Away.id.cast("text").concat(":").concat(Away.full_name)
    away = Absence.select(_joined(named, "\n")).join(Away, on=(Absence.user == Away.id)).where(
        Absence.stand_in == Post.id, Absence.since <= day, Absence.until >= day, Absence.ended.is_null())
    return Post.id, Post.title, Role.slug, Role.title, Role.permissions, County.short, offices, away, *UNIT_FIELDS


def _valid(day):
    return (Post.valid_from <= day) & (Post.valid_to.is_null() | (Post.valid_to >= day))


def _post(row) -> ActivePost:
    key, title, slug, role_title, permissions, county, offices, away, *unit = row
    ids = tuple(int(office) for office in offices.split(",")) if offices else ()
    lines = (line.partition(":") for line in (away or "").split("\n") if line)
    stands_in = tuple((int(user), name) for user, _, name in lines)
    return ActivePost(key, title, slug, role_title, UnitRef(*unit), frozenset(permissions), county or "", ids,
                      stands_in)


def _posts(slots):
    return (
        Post.select(*_post_columns(slots.day)).join(Role).join_from(Post, Unit)
        .join(County, JOIN.LEFT_OUTER, on=(County.id == Unit.county_id))
        .where(Post.user == slots.user, _valid(slots.day)).order_by(Post.id).tuples()
    )


_post_rows = Prepared(_posts)


def posts_of(user_id: int) -> list[ActivePost]:
    """Return the posts that are valid today, in one query."""
    return [_post(row) for row in _post_rows(user=user_id, day=today())]


def acting_as(user: User | int | str, post_id: int | None = None) -> Person:
    """Return the person without a session: for commands, the demo and tests. `user` may be a User, an id or a name."""
    if isinstance(user, str):
        user = User.get(User.name == user)
    elif isinstance(user, int):
        user = User.get_by_id(user)
    return Person(user, posts_of(user.id), post_id)


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


SESSION_FIELDS = tuple(Session._meta.sorted_fields)
USER_FIELDS = tuple(User._meta.sorted_fields)


def _loading(slots):
    """Return the query of a session, its user, the posts valid today, and the tokens of what may have changed."""
    return (
        Session.select(
            *SESSION_FIELDS, *USER_FIELDS, revision(), calendar_revision(), *(make() for make in BESIDE.values()),
            *_post_columns(slots.day))
        .join(User).join(Post, JOIN.LEFT_OUTER, on=(Post.user == User.id) & _valid(slots.day))
        .join(Role, JOIN.LEFT_OUTER).join_from(Post, Unit, JOIN.LEFT_OUTER)
        .join(County, JOIN.LEFT_OUTER, on=(County.id == Unit.county_id))
        .where(Session.token_hash == slots.token, Session.ended.is_null()).order_by(Post.id).tuples()
    )


_session_rows = Prepared(_loading)


def load(token: str) -> Person | None:
    """Return the person whose session `token` is, or None once it is ended, expired, or the account is closed.

    One query for every page: the session, the user, the posts, and whether a plugin or the calendar was changed since.
    """
    rows = _session_rows(token=token_hash(token), day=today())
    if not rows:
        return None
    session, user, switched = _parts(rows[0])
    if user.locked or (user.expires_on and user.expires_on < today()):
        return None
    here = len(SESSION_FIELDS) + len(USER_FIELDS) + 2
    first = here + len(BESIDE)
    posts = [_post(row[first:]) for row in rows if row[first] is not None]
    beside = dict(zip(BESIDE, rows[0][here:first], strict=True))
    person = Person(user, posts, session.post_id, session, token, switched, beside)
    if _is_over(session, person):
        return None
    within(person.post.unit.county_id if person.post else None)
    g.session_hash, g.org_token, g.calendar_token = session.token_hash[:16], switched or "", rows[0][here - 1] or ""
    _touch(session)
    return person


def _parts(row) -> tuple[Session, User, str]:
    """Return the session, the user and the switches' token of a joined row."""
    names = [field.name for field in SESSION_FIELDS], [field.name for field in USER_FIELDS]
    half, end = len(names[0]), len(names[0]) + len(names[1])
    session = Session(**dict(zip(names[0], row[:half], strict=True)))
    return session, User(**dict(zip(names[1], row[half:end], strict=True))), row[end] or ""


def _is_over(row: Session, person: Person) -> bool:
    (idle, whole), moment = person.session_limits, now()
    reason = ""
    # A session that begins in the future comes from a clock that ran wrong; a minute is forgiven.
    if not -datetime.timedelta(minutes=1) <= moment - row.created < whole:
        reason = "absolute"
    elif moment - row.last_seen >= idle:
        reason = "idle"
    if reason:
        _note(Session.update(ended=moment, reason=reason).where(Session.id == row.id))
    return bool(reason)


def _touch(row: Session) -> None:
    """Note that the person is here, at most once a minute: a list page must not write each time it is read."""
    moment = now()
    if getattr(current_app.view_functions.get(request.endpoint), "unattended", False):
        return
    if (moment - row.last_seen).total_seconds() >= 60 and request.method in ("GET", "HEAD"):
        _note(
            Session.update(last_seen=moment).where(Session.id == row.id),
            User.update(last_seen=moment).where(User.id == row.user_id),
        )


def _note(*queries) -> None:
    """Write what is only noted. On a full or read-only disk people go on reading; their session then ends earlier."""
    try:
        with impatient(0.3), atomic():
            for query in queries:
                query.execute()
    except DatabaseError as error:
        log.warning("a session could not be noted: %s", error)
