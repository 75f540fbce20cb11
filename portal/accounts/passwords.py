"""Passwords: argon2id, and two named sets of rules, because 等保 and ASVS contradict each other.

dengbao: GB/T 22239-2019 8.1.4.1 a (complexity, periodic change); asvs: OWASP ASVS 5.0 6.2.5 and 6.2.10 (neither).
"""

import datetime
import functools
import re
import secrets
import threading
import unicodedata
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app

from portal.db import now
from portal.pinyin import lazy_pinyin
from portal.values import Refused

SHORTEST, LONGEST, KEPT, DAYS = 12, 128, 5, 90
#: The columns of a user that a new password changes; nothing else of the row is written with it.
COLUMNS = ("password_hash", "password_at", "earlier_hashes", "must_change", "initial_until")

#: 64 MiB each: more at once would let a burst of sign-ins take the machine's memory.
_at_once = threading.BoundedSemaphore(2)

_LEET = str.maketrans("@4310$5!7", "aaeiossit")


@functools.lru_cache(maxsize=4)
def _hasher(time_cost: int, memory_kib: int) -> PasswordHasher:
    return PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)


def hasher() -> PasswordHasher:
    settings = current_app.config["PORTAL"]
    return _hasher(settings.get("argon2_time_cost", 3), settings.get("argon2_memory_kib", 64 * 1024))


def hashed(password: str) -> str:
    with _at_once:
        return hasher().hash(password)


def verify(stored: str | None, password: str) -> bool:
    """Compare in the same time whether the account exists or not: an unknown one is compared with a real hash too."""
    given = stored or _dummy(hasher())
    with _at_once:
        try:
            return hasher().verify(given, password[: LONGEST * 4]) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


@functools.lru_cache(maxsize=4)
def _dummy(hasher: PasswordHasher) -> str:
    return hasher.hash(secrets.token_hex(16))


@functools.cache
def _common() -> frozenset[str]:
    folder = Path(__file__).parent / "data"
    texts = [(folder / name).read_text("utf-8") for name in ("common_passwords.txt", "most_common_passwords.txt")]
    return frozenset(line.strip() for line in "\n".join(texts).splitlines() if line.strip() and line[0] != "#")


def _stems(password: str) -> set[str]:
    """Return the words that are left without digits and signs at the ends, leet undone: P@ssw0rd2026! → password."""
    low, ends = password.lower(), "0123456789!.@#$%^&*_-"
    found = (low, low.strip(ends).translate(_LEET), low.translate(_LEET).strip(ends))
    return {re.sub(r"[^a-z\u4e00-\u9fff]", "", word) for word in found} - {""}


def is_common(password: str) -> bool:
    low = password.lower()
    if low in _common() or _stems(low) & _common():
        return True
    rows = ("abcdefghijklmnopqrstuvwxyz0123456789" * 2, "qwertyuiopasdfghjklzxcvbnm" * 2, "1234567890" * 13)
    return len(set(low)) < 5 or any(low in row or low in row[::-1] for row in rows)


def check(password: str, profile: str, *names: str) -> None:
    """Raise Refused, for the field `password`, unless the rules of `profile` allow it for somebody called `names`."""
    if len(password) < SHORTEST:
        raise Refused(f"密码至少 {SHORTEST} 个字符，现在只有 {len(password)} 个。", "password")
    if len(password) > LONGEST:
        raise Refused(f"密码最多 {LONGEST} 个字符。", "password")
    if is_common(password):
        raise Refused("这个密码太常见，很容易被猜中，请换一个。", "password")
    if _names_somebody(password, names):
        raise Refused("密码里不能含有账号、姓名（或它的拼音）、单位名称。", "password")
    if profile != "dengbao":
        return
    classes = sum(bool(re.search(pattern, password)) for pattern in (r"[a-z]", r"[A-Z]", r"\d", r"[^A-Za-z0-9]"))
    if classes < 3:
        raise Refused("密码要包含大写字母、小写字母、数字、符号中的至少三种。", "password")


def _names_somebody(password: str, names) -> bool:
    """Tell whether an account, a name or its pinyin, or a unit stands in the password."""
    low = unicodedata.normalize("NFKC", password).casefold()
    spelled = {"".join(lazy_pinyin(name)).casefold() for name in names}
    words = [name.casefold() for name in names if len(name) >= 2] + [word for word in spelled if len(word) >= 4]
    return any(word in low for word in words)


def set_password(user, password: str, profile: str, *names: str) -> None:
    """Give `user` the new password; raises Refused where the rules or the last five passwords forbid it."""
    check(password, profile, user.name, user.full_name, *names)
    if verify(user.password_hash, password):
        raise Refused("新密码和现在的密码相同。", "password")
    if profile == "dengbao" and any(verify(old, password) for old in user.earlier_hashes):
        raise Refused(f"不能使用最近 {KEPT} 次用过的密码。", "password")
    _put(user, password)
    user.must_change, user.initial_until = False, None


def give_initial(user, hours: int) -> str:
    """Give `user` a random password that works once and for so many hours; return it."""
    secret = initial()
    _put(user, secret)
    user.must_change, user.initial_until = True, now() + datetime.timedelta(hours=hours)
    return secret


def _put(user, password: str) -> None:
    if not user.must_change:  # initial passwords are random: they must not push the chosen ones out of the history
        user.earlier_hashes = [user.password_hash, *user.earlier_hashes][:KEPT]
    user.password_hash, user.password_at = hashed(password), now()


def is_outdated(user, profile: str) -> bool:
    return profile == "dengbao" and user.password_at < now() - datetime.timedelta(days=DAYS)


def initial() -> str:
    """Return a random password that can be read out and typed: four groups, about 80 bits."""
    letters = "abcdefghjkmnpqrstuvwxyz"
    groups = ["".join(secrets.choice(letters + "23456789") for _ in range(4)) for _ in range(4)]
    groups[0] = secrets.choice(letters).upper() + groups[0][1:]
    groups[1] = groups[1][:3] + secrets.choice("23456789")
    return "-".join(groups)
