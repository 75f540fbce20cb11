"""On PostgreSQL the index of words knows blocks of rows, so that a search for the newest need not collect them all."""

from peewee import PostgresqlDatabase


def up(migrator, db):
    if isinstance(db, PostgresqlDatabase):
        db.execute_sql("DROP INDEX search_gram_grams")
        db.execute_sql("CREATE INDEX search_gram_grams ON search_gram USING GIN (grams, (ARRAY[id >> 15]))")


def down(migrator, db):
    if isinstance(db, PostgresqlDatabase):
        db.execute_sql("DROP INDEX search_gram_grams")
        db.execute_sql("CREATE INDEX search_gram_grams ON search_gram USING GIN (grams)")
