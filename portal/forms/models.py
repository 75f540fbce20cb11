from peewee import CharField, CompositeKey, DateTimeField, IntegerField

from portal.db import Model, now

LONGEST_LOCATION = 2000


class RequestKey(Model):
    """A form that was carried out: the key it was rendered with and where its result is shown.

    The key is made when the form is rendered, not when it is posted, so that a second click, a reload or an answer
    lost on the way comes with the same key and is led to the first result.
    """

    user_id = IntegerField()
    key = CharField(max_length=64)
    location = CharField(max_length=LONGEST_LOCATION, default="")
    at = DateTimeField(default=now, index=True)

    class Meta:
        table_name = "forms_request_key"
        primary_key = CompositeKey("user_id", "key")
