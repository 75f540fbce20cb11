"""What ran, when and how it ended; and which process may run jobs at all."""

from peewee import BigAutoField, BooleanField, CharField, DateTimeField, ForeignKeyField, IntegerField, TextField

from portal.accounts.models import User
from portal.db import Model, now


class JobRun(Model):
    """One run of a job: asked for (`due`), begun by the process `holder` (`started`), and over (`ended`).

    These rows are the queue as well: what was begun and is not over when its process is gone begins again. `ok` is None
    for a run that was called off. `error` names places in the code and no values, which might be somebody's name.
    """

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
        table_name = "jobs_run"
        indexes = ((("name", "due"), True),)


JobRun.add_index(JobRun.index(JobRun.name, where=JobRun.ended.is_null(), name="jobs_run_open"))


class Lease(Model):
    """One row: who runs the jobs, and until when that holds unless it is renewed. `born`: since when there are jobs."""

    holder = CharField(max_length=80, default="")
    until = DateTimeField(default=now)
    born = DateTimeField(default=now)

    class Meta:
        table_name = "jobs_lease"
