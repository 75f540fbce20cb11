"""Signing in and out. One answer and one amount of work for unknown, wrong, locked and expired."""

import datetime
import ipaddress
import secrets

from flask import current_app, g, request, session
from flask_login import login_user, logout_user

from portal import audit
from portal.accounts import passwords, second_factor
from portal.accounts.models import Failure, Session, User, folded
from portal.accounts.person import ADMIN_ROLES, Person, posts_of, token_hash
from portal.db import atomic, now, today
from portal.forms import forget_old_keys
from portal.values import Refused

REFUSED = "账号或密码不正确，或暂时不能登录。请稍后再试；仍不能登录时请联系系统管理员或安全管理员。"
WRONG_CODE = "验证码不对、已经用过，或暂时不能登录。请等下一个验证码出来再试，或用一个恢复码。"
#: The longest that one lock lasts, so that nobody can lock an account for ever.
LONGEST_LOCK = datetime.timedelta(hours=4)
#: An address may be a whole office behind one gateway: it is given more tries than an account.
ADDRESS_FACTOR = 4
#: The delay doubles so often at most (a larger number would not fit into a time).
MOST_ROUNDS = 10
#: Failures that are older, and lock nobody, are forgotten.
FORGOTTEN = datetime.timedelta(days=1)


def sign_in(name: str, password: str) -> Person | None:
    """Start a new session for `name`; raises Refused with one and the same sentence for every reason.

    None: the password was right, and the account has a second factor, which `sign_in_second` asks for.

    Failures are counted in the database, for the account and for the address, so that every worker knows them.
    """
    name = folded(name)
    keys = (f"user:{name}", f"addr:{_network(request.remote_addr)}")
    user = User.get_or_none(User.name == name)
    right = passwords.verify(user.password_hash if user else None, password) and _is_usable(user) and _is_near(user)
    with atomic():
        # Asked only now: of a hundred guesses at once, those beyond the limit learn nothing even if they are right.
        barred = _barred(keys)
        if right and not barred:
            _keep_hash_young(user, password)
            if not user.has_second_factor:
                return _begin(user)
            return second_factor.begin(user)
        if not barred:
            _count(keys)
        audit.record("accounts.sign_in", "user", user.id if user else "", result="fail",
                     detail={"name": name, "barred": barred})
    raise Refused(REFUSED)


def sign_in_second(user: User, code: str) -> Person:
    """Start the session of somebody whose password was right, for a fresh code; raises Refused for any other.

    Wrong codes are counted like wrong passwords: six digits are soon tried out.
    """
    keys = (f"code:{user.name}", f"addr:{_network(request.remote_addr)}")
    with atomic():
        if not _barred(keys) and _is_usable(user) and second_factor.is_right(user, code):
            Failure.delete().where(Failure.key == keys[0]).execute()
            return _begin(user)
        if not _barred(keys):
            _count(keys)
        audit.record("accounts.sign_in", "user", user.id, result="fail", detail={"name": user.name, "field": "code"})
    raise Refused(WRONG_CODE, "code")


def _keep_hash_young(user: User, password: str) -> None:
    if passwords.hasher().check_needs_rehash(user.password_hash):
        user.password_hash = passwords.hashed(password)
        user.save(only=[User.password_hash])


def _is_usable(user: User) -> bool:
    late = user.initial_until is not None and user.initial_until < now()
    return not user.locked and not late and not (user.expires_on and user.expires_on < today())


def _is_near(user: User) -> bool:
    """Tell whether the account may sign in from this address: administrators only from the networks of the setting."""
    networks = current_app.config["PORTAL"]["admin_addresses"]
    if not networks or not any(post.role in ADMIN_ROLES for post in posts_of(user.id)):
        return True
    try:
        here = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return False
    return any(here in ipaddress.ip_network(network) for network in networks)


def _begin(user: User) -> Person:
    _forget_old_failures()
    forget_old_keys()
    Failure.delete().where(Failure.key == f"user:{user.name}").execute()
    person = restart(Person(user, posts_of(user.id)))
    User.update(last_seen=now()).where(User.id == user.id).execute()
    audit.record("accounts.sign_in", "user", user.id, actor=person)
    return person


def restart(person: Person) -> Person:
    """Give the browser a new session; whatever cookie it came with is worth nothing afterwards."""
    if before := session.get("_user_id"):  # somebody was still signed in here: that ends
        _end(Session.token_hash == token_hash(before), "replaced")
    token = secrets.token_urlsafe(32)
    post_id = person.post.id if person.post else None
    row = Session.create(
        token_hash=token_hash(token), user=person.id, post_id=post_id, address=request.remote_addr or "",
        agent=(request.user_agent.string or "")[:200],
    )
    _end_the_oldest(person.id)
    session.clear()
    g.session_hash = row.token_hash[:16]
    fresh = Person(person.user, person.posts, post_id, row, token)
    login_user(fresh)
    return fresh


def _end_the_oldest(user_id: int) -> None:
    """Leave an account no more sessions than the setting: the newest."""
    most = current_app.config["PORTAL"]["sessions_at_once"]
    newest = Session.select(Session.id).where(Session.user == user_id, Session.ended.is_null())
    kept = [key for (key,) in newest.order_by(Session.id.desc()).limit(most).tuples()]
    _end((Session.user == user_id) & Session.id.not_in(kept), "too_many")


def sign_out(person: Person) -> None:
    """End the session on the server; a copy of its cookie is dead from now on."""
    end_sessions(person.id, "sign_out", only=person.session.id)
    audit.record("accounts.sign_out", "user", person.id)
    logout_user()
    session.clear()


def end_sessions(user_id: int, reason: str, *, only: int | None = None, post: int | None = None) -> int:
    """End the sessions of a user: all, one, or those that act in a post; return how many ended."""
    which = Session.user == user_id
    if only is not None:
        which &= Session.id == only
    if post is not None:
        which &= Session.post_id == post
    return _end(which, reason)


def end_others(person: Person) -> int:
    """End all sessions of the person but the one that they are in; return how many ended."""
    return _end((Session.user == person.id) & (Session.id != person.session.id), "by_owner")


def _end(which, reason: str) -> int:
    return Session.update(ended=now(), reason=reason).where(which, Session.ended.is_null()).execute()


def live_sessions(person: Person) -> list[Session]:
    """Return where the person is signed in, the newest first; what has run out is left out."""
    idle, whole = person.session_limits
    query = Session.select().where(
        Session.user == person.id, Session.ended.is_null(), Session.last_seen > now() - idle,
        Session.created > now() - whole,
    )
    return list(query.order_by(Session.id.desc()))


# -- failures ----------------------------------------------------------------------------------------------------

def _network(address: str | None) -> str:
    """Return the address that failures are counted for; of IPv6 the /64, which one machine may change at will."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network(f"{found}/64", strict=False)) if found.version == 6 else str(found)


def _barred(keys) -> bool:
    return _holding().where(Failure.key.in_(keys)).exists()


def _holding():
    """Return the query of the locks that hold. One further ahead than any lasts comes from a clock that ran wrong."""
    longest = max(LONGEST_LOCK, datetime.timedelta(minutes=current_app.config["PORTAL"]["lock_minutes"]))
    return Failure.select().where(Failure.until > now(), Failure.until <= now() + longest)


def _count(keys) -> None:
    settings, moment = current_app.config["PORTAL"], now()
    span = datetime.timedelta(minutes=settings["lock_minutes"])
    for key in sorted(keys):
        Failure.insert(key=key, count=0, since=moment).on_conflict_ignore().execute()
        # Written before it is read: a second failure at the same moment waits here and counts on from this one.
        Failure.update(count=Failure.count + 1).where(Failure.key == key).execute()
        row = Failure.get(Failure.key == key)
        if moment - row.since > span and (row.until is None or row.until < moment - span):
            row.count, row.rounds = 1, max(row.rounds - 1, 0)
        row.since = moment
        limit = settings["lock_after"] * (ADDRESS_FACTOR if key.startswith("addr:") else 1)
        if row.count >= limit:
            row.until = moment + min(span * 2 ** min(row.rounds, MOST_ROUNDS), max(LONGEST_LOCK, span))
            row.count, row.rounds = 0, row.rounds + 1
            audit.record("accounts.lock", "sign_in", key, detail={"until": row.until.isoformat()})
        row.save()


def locks() -> list[Failure]:
    """Return the locks that hold at the moment."""
    return list(_holding().order_by(Failure.until))


def unlock(key: str) -> bool:
    """Lift the lock of an account ("user:name") or address ("addr:...") early; tell whether there was anything."""
    if not Failure.delete().where(Failure.key == key).execute():
        return False
    audit.record("accounts.unlock", "sign_in", key)
    return True


def _forget_old_failures() -> None:
    """Names that somebody made up must not fill the table."""
    before = now() - FORGOTTEN
    Failure.delete().where(
        Failure.since < before, Failure.until.is_null() | (Failure.until < before)
    ).execute()
