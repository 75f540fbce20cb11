"""What a province keeps of its counties: where each one's figures are asked for, and what it answered last."""

from peewee import BigAutoField, CharField, DateField, DateTimeField, JSONField

from portal.db import Model, now


class ProvinceCounty(Model):
    """A county whose server is attached. It is known by its code: ids differ from one database to the next."""

    id = BigAutoField()
    code = CharField(max_length=24, unique=True)
    name = CharField(max_length=100)
    #: Host, port and database, without the password.
    place = CharField(max_length=200)
    attached_at = DateTimeField(default=now)

    class Meta:
        table_name = "province_county"


class ProvinceAnswer(Model):
    """The last figures of a county for a period, {kind: {count: number}}: shown, with their time, while it is away."""

    id = BigAutoField()
    code = CharField(max_length=24)
    span = CharField(max_length=8)
    first = DateField()
    at = DateTimeField()
    counts = JSONField()

    class Meta:
        table_name = "province_answer"
        indexes = ((("code", "span", "first"), True),)
