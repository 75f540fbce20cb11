"""Runs of background jobs, and the lease of the one process that may run them."""

import datetime
from zoneinfo import ZoneInfo

from peewee import (
    BigAutoField,
    BooleanField,
    CharField,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)


def up(migrator, db):
    class User(Model):
        class Meta:
            database = db
            legacy_table_names = False
            table_name = "accounts_user"

    class JobRun(Model):
        id = BigAutoField()
        name = CharField(max_length=60)
        due = DateTimeField()
        asked_by = ForeignKeyField(User, null=True, index=False)
        started = DateTimeField(null=True)
        ended = DateTimeField(null=True)
        ok = BooleanField(null=True)
        sentence = TextField(default="")
        error = TextField(default="")
        holder = CharField(max_length=80, default="")
        attempts = IntegerField(default=0)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "jobs_run"
            indexes = ((("name", "due"), True),)

    class Lease(Model):
        holder = CharField(max_length=80, default="")
        until = DateTimeField()
        born = DateTimeField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "jobs_lease"

    JobRun.add_index(JobRun.index(JobRun.name, where=JobRun.ended.is_null(), name="jobs_run_open"))
    db.create_tables([JobRun, Lease])
    born = datetime.datetime.now(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None, microsecond=0)
    Lease.insert(id=1, holder="", until=born, born=born).execute()


def down(migrator, db):
    migrator.migrate(migrator.drop_table("jobs_lease"), migrator.drop_table("jobs_run"))
