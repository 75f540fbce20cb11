from peewee import BigAutoField, CharField, CompositeKey, DateTimeField, ForeignKeyField, IntegerField, TextField

from portal.accounts.models import User
from portal.db import Model, now


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
