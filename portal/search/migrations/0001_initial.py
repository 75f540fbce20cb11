"""The words of all rooms, and the index over their pairs of characters."""

from peewee import BigAutoField, BigIntegerField, CharField, Model, PostgresqlDatabase, TextField


def up(migrator, db):
    class SearchText(Model):
        id = BigAutoField()
        owner = CharField(max_length=20)
        row_id = BigIntegerField()
        text = TextField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "search_text"
            indexes = ((("owner", "row_id"), True),)

    db.create_tables([SearchText])
    if isinstance(db, PostgresqlDatabase):
        db.execute_sql("CREATE TABLE search_gram (id BIGINT PRIMARY KEY, grams TSVECTOR NOT NULL)")
        db.execute_sql("CREATE INDEX search_gram_grams ON search_gram USING GIN (grams)")
    else:
        db.execute_sql(
            "CREATE VIRTUAL TABLE search_gram USING fts5(grams, content='', contentless_delete=1, tokenize='ascii')"
        )


def down(migrator, db):
    db.execute_sql("DROP TABLE search_gram")
    db.execute_sql("DROP TABLE search_text")
