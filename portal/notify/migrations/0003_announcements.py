"""Announcements, the units that they are for, and which of those have opened them."""

from peewee import (
    BooleanField,
    CharField,
    CompositeKey,
    DateField,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)


def up(migrator, db):
    class Unit(Model):
        class Meta:
            database = db
            legacy_table_names = False
            table_name = "org_unit"

    class Announcement(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        unit = ForeignKeyField(Unit, index=False)
        title = CharField(max_length=100)
        text = TextField()
        audience = CharField(max_length=60)
        published_at = DateTimeField()
        valid_until = DateField(null=True)
        reminded_on = DateField(null=True)
        withdrawn_at = DateTimeField(null=True)
        withdrawn_because = CharField(max_length=200, default="")
        version = IntegerField(default=1)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "notify_announcement"
            indexes = ((("county_id", "id"), False),)

    class Addressee(Model):
        announcement = ForeignKeyField(Announcement, index=False)
        unit = ForeignKeyField(Unit, index=False)
        county_id = IntegerField()
        seen = BooleanField(default=False)
        reminders = IntegerField(default=0)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "notify_addressee"
            primary_key = CompositeKey("announcement", "unit")
            indexes = ((("unit", "announcement"), False),)

    db.create_tables([Announcement, Addressee])


def down(migrator, db):
    migrator.migrate(migrator.drop_table("notify_addressee"), migrator.drop_table("notify_announcement"))
