"""What failed in plugins, as all processes have seen it: a row for each hook that ever did."""

from peewee import BigAutoField, BigIntegerField, BooleanField, CharField, DateTimeField

from portal.db import Model


class HookHealth(Model):
    """`hook` is what was asked ("portal_cards.news", "page grid.report"); the numbers only grow.

    `open_until`: until when the process that reported last leaves it alone. `freed_at`: when it last began to be asked
    again. `told`: the administrators know that it is left alone.
    """

    id = BigAutoField()
    plugin = CharField(max_length=40)
    hook = CharField(max_length=80)
    failures = BigIntegerField(default=0)
    slow = BigIntegerField(default=0)
    skipped = BigIntegerField(default=0)
    opened = BigIntegerField(default=0)
    first_at = DateTimeField()
    last_at = DateTimeField()
    error = CharField(max_length=200, default="")
    open_until = DateTimeField(null=True)
    freed_at = DateTimeField(null=True)
    told = BooleanField(default=False)

    class Meta:
        table_name = "health_hook"
        indexes = ((("plugin", "hook"), True),)
