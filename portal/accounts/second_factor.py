"""The second factor: a code of six digits that changes every 30 seconds (TOTP, RFC 6238), and recovery codes.

After the password a half session is kept in the signed cookie for a few minutes; it opens no page but the one that asks
for the code. A code counts once: the step of the last one is kept, and taken in the transaction of the sign-in.
"""

import datetime
import hashlib
import hmac
import secrets
import unicodedata

import pyotp
from flask import current_app, session

from portal import audit
from portal.accounts.models import RecoveryCode, User
from portal.config import secret
from portal.db import now
from portal.sealing import seal, unseal
from portal.values import Refused

PENDING = "second_factor"
PENDING_MINUTES = 5
STEP_SECONDS = 30
#: A clock may be one step off in either direction.
WINDOW = (-1, 0, 1)
CODES = 10
#: No 0 and O, 1 and I: they are copied by hand.
LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def _key() -> bytes:
    return secret(current_app.config["PORTAL"]["instance"], "accounts-second-factor")


def is_required(person) -> bool:
    """Tell whether the setting asks this person for a second factor that they have not set up yet."""
    wanted = current_app.config["PORTAL"]["second_factor"]
    return not person.user.has_second_factor and (wanted == "all" or wanted == "admins" and person.is_administrator)


# -- setting up ----------------------------------------------------------------------------------------------------

def new_secret() -> str:
    return pyotp.random_base32()


def address_of(user: User, plain: str) -> str:
    """Return the otpauth:// address that an app reads from the picture."""
    issuer = current_app.config["PORTAL"]["portal_name"]
    return pyotp.TOTP(plain, name=user.name, issuer=issuer).provisioning_uri()


def set_up(user: User, plain: str, code: str) -> list[str]:
    """Keep the secret once a first code proves that the app has it; return the recovery codes, shown this once."""
    step = _step_of(plain, unicodedata.normalize("NFKC", code).replace(" ", ""), 0)
    if step is None:
        raise Refused("验证码不对。请核对手机时间，等下一个验证码出来再填。", "code")
    user.totp_cipher, user.totp_step = seal(_key(), plain, f"{user.id}.totp"), step
    user.save(only=[User.totp_cipher, User.totp_step])
    RecoveryCode.delete().where(RecoveryCode.user == user.id).execute()
    codes = ["-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(2)) for _ in range(CODES)]
    for one in codes:
        RecoveryCode.create(user=user.id, code_hash=_hashed(one))
    audit.record("accounts.second_factor_on", "user", user.id)
    return codes


def take_away(user: User, by=None) -> None:
    """Forget the second factor, for somebody whose phone is gone; they set up another one."""
    if not user.has_second_factor:
        raise Refused("这个账号没有设动态验证码。")
    user.totp_cipher, user.totp_step = "", 0
    user.save(only=[User.totp_cipher, User.totp_step])
    RecoveryCode.delete().where(RecoveryCode.user == user.id).execute()
    audit.record("accounts.second_factor_off", "user", user.id, actor=by)


# -- signing in ----------------------------------------------------------------------------------------------------

def begin(user: User) -> None:
    """Keep that the password was right; whatever session the browser had before is not touched."""
    session[PENDING] = [user.id, now().isoformat(), _proof(user)]


def pending() -> User | None:
    """Return whose password was right a moment ago in this browser; a changed password ends it."""
    user_id, at, proof = session.get(PENDING) or (0, "", "")
    user = User.get_or_none(User.id == user_id) if user_id else None
    if user is None or not hmac.compare_digest(proof, _proof(user)):
        return None
    age = now() - datetime.datetime.fromisoformat(at)
    return user if datetime.timedelta(0) <= age < datetime.timedelta(minutes=PENDING_MINUTES) else None


def is_right(user: User, code: str) -> bool:
    """Tell whether `code` is a fresh code of the app, or an unused recovery code; either counts once."""
    code = unicodedata.normalize("NFKC", code).upper().replace(" ", "")  # input methods type full-width digits
    if code.isdecimal():
        step = _step_of(unseal(_key(), user.totp_cipher, f"{user.id}.totp"), code, user.totp_step)
        return step is not None and bool(
            User.update(totp_step=step).where(User.id == user.id, User.totp_step < step).execute()
        )
    unused = (RecoveryCode.user == user.id) & RecoveryCode.used.is_null()
    return bool(
        RecoveryCode.update(used=now()).where(unused, RecoveryCode.code_hash == _hashed(code)).execute()
    )


def left(user: User) -> int:
    """Return how many recovery codes are still unused."""
    return RecoveryCode.select().where(RecoveryCode.user == user.id, RecoveryCode.used.is_null()).count()


def _step_of(plain: str, code: str, after: int) -> int | None:
    """Return the step whose code this is, if it is later than `after`; None for a wrong or an old code."""
    moment = int(datetime.datetime.now(datetime.UTC).timestamp()) // STEP_SECONDS
    app = pyotp.TOTP(plain)
    for step in (moment + shift for shift in WINDOW):
        if step > after and hmac.compare_digest(app.generate_otp(step).encode(), code.encode()):
            return step
    return None


def _hashed(code: str) -> str:
    return hmac.new(_key(), code.encode(), hashlib.sha256).hexdigest()


def _proof(user: User) -> str:
    return hashlib.sha256(f"{user.id}{user.password_hash}".encode()).hexdigest()[:16]
