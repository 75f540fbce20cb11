from peewee import (
    BigAutoField,
    BooleanField,
    CharField,
    CompositeKey,
    DateField,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    TextField,
)

from portal.accounts.models import User
from portal.db import Model, now, today
from portal.org.models import Unit


class Notice(Model):
    """One line in somebody's inbox; `topic` names what it is about, `url` leads to where something can be done."""

    id = BigAutoField()
    county_id = IntegerField(null=True)
    user = ForeignKeyField(User, index=False)
    at = DateTimeField(default=now)
    topic = CharField(max_length=60)
    title = CharField(max_length=200)
    text = TextField(default="")
    url = CharField(max_length=200, default="")
    read_at = DateTimeField(null=True)

    class Meta:
        table_name = "notify_notice"


Notice.add_index(Notice.index(Notice.user, Notice.id.desc(), name="notify_notice_user"))
#: What every page counts, answered from the index alone: SQLite looks at read_at again, so it is in the index too.
Notice.add_index(
    Notice.index(Notice.user, Notice.topic, Notice.read_at, where=Notice.read_at.is_null(),
                 name="notify_notice_unread_topic")
)


class Mute(Model):
    """A topic that a person does not want to be told of; DIGEST stands for the card on the workbench."""

    user = ForeignKeyField(User, index=False)
    topic = CharField(max_length=60)

    class Meta:
        table_name = "notify_mute"
        primary_key = CompositeKey("user", "topic")


DIGEST = "notify.digest"


class Announcement(Model):
    """通知公告: what a county or town lets the units below it know. Withdrawn it is kept, with the reason.

    `town_id` is that of the publisher, None for the county's. Who published is on the record, not on the page.
    """

    county_id = IntegerField()
    town_id = IntegerField(null=True)
    unit = ForeignKeyField(Unit, index=False)
    title = CharField(max_length=100)
    text = TextField()
    audience = CharField(max_length=60)
    published_at = DateTimeField(default=now)
    valid_until = DateField(null=True)
    reminded_on = DateField(null=True)
    withdrawn_at = DateTimeField(null=True)
    withdrawn_because = CharField(max_length=200, default="")
    version = IntegerField(default=1)

    class Meta:
        table_name = "notify_announcement"
        whole = True
        indexes = ((("county_id", "id"), False),)

    @property
    def state(self) -> tuple[str, str]:
        """Return the tone and the word for how it stands."""
        if self.withdrawn_at:
            return "over", "已撤回"
        return ("info", "已过期") if self.valid_until and self.valid_until < today() else ("ok", "有效")

    @property
    def is_valid(self) -> bool:
        return self.state[1] == "有效"


class Addressee(Model):
    """A unit that an announcement is for, and whether somebody there has opened it: not who, and not when."""

    announcement = ForeignKeyField(Announcement, index=False)
    unit = ForeignKeyField(Unit, index=False)
    county_id = IntegerField()
    seen = BooleanField(default=False)
    reminders = IntegerField(default=0)

    class Meta:
        table_name = "notify_addressee"
        whole = True
        primary_key = CompositeKey("announcement", "unit")
        indexes = ((("unit", "announcement"), False),)
