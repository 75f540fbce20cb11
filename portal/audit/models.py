from peewee import BigAutoField, BigIntegerField, CharField, DateTimeField, IntegerField, JSONField, SmallIntegerField

from portal.db import Model, now


class AuditEntry(Model):
    """Who did what, when, where, to what, and how it ended. Rows are only added; triggers refuse the rest.

    `lane`, `seq` and `digest` are its place in the chain (see chain.py); null in rows from before the chain.
    """

    id = BigAutoField()
    at = DateTimeField(default=now)
    county_id = IntegerField(null=True)
    actor_id = IntegerField(null=True)
    actor_name = CharField(max_length=60, default="")
    post_title = CharField(max_length=60, default="")
    unit_id = IntegerField(null=True)
    unit_name = CharField(max_length=100, default="")
    address = CharField(max_length=45, default="")
    session = CharField(max_length=16, default="")
    action = CharField(max_length=60)
    object_type = CharField(max_length=40, default="")
    object_id = CharField(max_length=80, default="")
    result = CharField(max_length=10, default="ok")
    detail = JSONField(default=dict)
    #: {field: [old, new]} of an edit.
    changes = JSONField(default=dict)
    request_id = CharField(max_length=16, default="")
    lane = SmallIntegerField(null=True)
    seq = BigIntegerField(null=True)
    digest = CharField(max_length=64, default="")

    class Meta:
        table_name = "audit_entry"
        indexes = ((("action", "id"), False), (("actor_id", "id"), False), (("object_type", "object_id"), False),
                   (("lane", "seq"), True))


class AuditLane(Model):
    """Where one of the chains ends: how many entries it has, and the link that the next one carries on.

    There are many so that clerks who write at the same time do not wait for each other at one row.
    """

    lane = SmallIntegerField(primary_key=True)
    seq = BigIntegerField(default=0)
    digest = CharField(max_length=64, default="")

    class Meta:
        table_name = "audit_lane"
