from peewee import BigAutoField, BigIntegerField, CharField, TextField

from portal.db import Model


class SearchText(Model):
    """The words by which a row of another room is found: `owner` names the room's thing ("case"), `row_id` the row.

    The index itself is the table search_gram, an FTS5 table on SQLite and a tsvector with GIN on PostgreSQL, made by
    the migration; its row of the same id holds the pairs of characters.
    """

    id = BigAutoField()
    owner = CharField(max_length=20)
    row_id = BigIntegerField()
    text = TextField()

    class Meta:
        table_name = "search_text"
        indexes = ((("owner", "row_id"), True),)
