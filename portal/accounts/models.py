"""Who signs in: users, the posts they hold (person × unit × role), roles as data, sessions kept on the server."""

import unicodedata

from peewee import (
    SQL,
    BigIntegerField,
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    JSONField,
)

from portal.accounts.devices import device_of
from portal.db import Model, now, today
from portal.org.models import Unit


def folded(name: str) -> str:
    """Return an account's name in the one way in which it is kept: ＺＨＡＮＧ, Zhang and zhang are one account."""
    return unicodedata.normalize("NFKC", name).strip().casefold()[:40]


class User(Model):
    """A person's account. `name` is what they sign in with: folded, unique, and never given to somebody else later."""

    name = CharField(max_length=40, unique=True)
    full_name = CharField(max_length=60)
    password_hash = CharField(max_length=200)
    password_at = DateTimeField(default=now)
    #: The hashes of earlier passwords, newest first (GB/T 22239-2019 8.1.4.1: no reuse).
    earlier_hashes = JSONField(default=list)
    must_change = BooleanField(default=True)
    #: An initial password works until then.
    initial_until = DateTimeField(null=True)
    locked = BooleanField(default=False)
    expires_on = DateField(null=True)
    created = DateTimeField(default=now)
    created_by = IntegerField(null=True)
    last_seen = DateTimeField(null=True)
    large_type = BooleanField(default=False)
    #: The secret of the second factor, encrypted; "" for none. `totp_step` is that of the last code: it counts once.
    totp_cipher = CharField(max_length=200, default="")
    totp_step = BigIntegerField(default=0)
    version = IntegerField(default=1)

    class Meta:
        table_name = "accounts_user"

    @property
    def has_second_factor(self) -> bool:
        return bool(self.totp_cipher)

    @property
    def state_title(self) -> str:
        if self.locked:
            return "已停用"
        return "已过期" if self.expires_on and self.expires_on < today() else "正常"


class Role(Model):
    """A set of permissions. An exclusive role is never held beside another one (三员分立)."""

    slug = CharField(max_length=40, unique=True)
    title = CharField(max_length=40)
    permissions = JSONField(default=list)
    exclusive = BooleanField(default=False)
    builtin = BooleanField(default=False)
    version = IntegerField(default=1)

    class Meta:
        table_name = "accounts_role"


class Post(Model):
    """A person holds a role at a unit, from a day until a day."""

    user = ForeignKeyField(User)
    unit = ForeignKeyField(Unit)
    role = ForeignKeyField(Role)
    title = CharField(max_length=60)
    valid_from = DateField(default=today)
    valid_to = DateField(null=True)
    created_by = IntegerField(null=True)
    at = DateTimeField(default=now)
    version = IntegerField(default=1)

    class Meta:
        table_name = "accounts_post"

    @property
    def state_title(self) -> str:
        if self.valid_to is not None and self.valid_to < today():
            return "已结束"
        return "未开始" if self.valid_from > today() else "有效"


class Absence(Model):
    """Somebody is away (请假、出差) from a day until a day, and a colleague at the same unit stands in (代理)."""

    county_id = IntegerField()
    post = ForeignKeyField(Post)
    user = ForeignKeyField(User, index=False)
    stand_in = ForeignKeyField(Post, index=False)
    since = DateField()
    until = DateField()
    note = CharField(max_length=200, default="")
    by_name = CharField(max_length=60)
    at = DateTimeField(default=now)
    #: Ended before its last day.
    ended = DateTimeField(null=True)

    class Meta:
        table_name = "accounts_absence"
        whole = True

    @property
    def state_title(self) -> str:
        if self.ended or self.until < today():
            return "已结束"
        return "还没有开始" if self.since > today() else "代理中"


# Every page asks whom its reader stands in for.
Absence.add_index(
    Absence.index(Absence.stand_in, Absence.until, where=SQL("ended IS NULL"), name="accounts_absence_now")
)


class Session(Model):
    """One sign-in. The browser holds the token, the database only its SHA-256; ending the row ends the session."""

    token_hash = CharField(max_length=64, unique=True)
    user = ForeignKeyField(User)
    post_id = IntegerField(null=True)
    created = DateTimeField(default=now)
    last_seen = DateTimeField(default=now)
    address = CharField(max_length=45, default="")
    agent = CharField(max_length=200, default="")
    ended = DateTimeField(null=True)
    reason = CharField(max_length=40, default="")

    class Meta:
        table_name = "accounts_session"

    @property
    def device(self) -> str:
        return device_of(self.agent)


class Failure(Model):
    """Failed sign-ins of an account ("user:zhang") or an address ("addr:10.0.0.1"), the same for every worker."""

    key = CharField(max_length=80, primary_key=True)
    count = IntegerField(default=0)
    since = DateTimeField(default=now)
    until = DateTimeField(null=True)
    rounds = IntegerField(default=0)

    class Meta:
        table_name = "accounts_failure"


class RecoveryCode(Model):
    """Opens the account once when the phone with the second factor is gone; only a keyed hash is kept."""

    user = ForeignKeyField(User)
    code_hash = CharField(max_length=64)
    used = DateTimeField(null=True)

    class Meta:
        table_name = "accounts_recovery_code"


class KnownPermission(Model):
    """A permission that was handed to its default roles once; taking it away later must last."""

    name = CharField(max_length=60, primary_key=True)

    class Meta:
        table_name = "accounts_known_permission"
