"""Every entry gets a place in a chain: its lane, its number there, and the digest that carries on the one before."""

from peewee import *

#: On SQLite one writes at a time anyway.
LANES = 32


def up(migrator, db):
    class AuditLane(Model):
        lane = SmallIntegerField(primary_key=True)
        seq = BigIntegerField(default=0)
        digest = CharField(max_length=64, default='')
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'audit_lane'
    db.create_tables([AuditLane])
    lanes = LANES if isinstance(db, PostgresqlDatabase) else 1
    AuditLane.insert_many([{'lane': lane} for lane in range(1, lanes + 1)]).execute()
    migrator.migrate(
        migrator.add_column('audit_entry', 'lane', SmallIntegerField(null=True)),
        migrator.add_column('audit_entry', 'seq', BigIntegerField(null=True)),
    )
    # A default of the table itself: rows that are there must not be touched, and the triggers refuse it anyway.
    db.execute_sql("ALTER TABLE audit_entry ADD COLUMN digest VARCHAR(64) NOT NULL DEFAULT ''")
    db.execute_sql('CREATE UNIQUE INDEX audit_entry_lane_seq ON audit_entry (lane, seq)')
    _guard(db, ' OR (lane = NEW.lane AND seq = NEW.seq)')


def _guard(db, same):
    """INSERT OR REPLACE changes rows through every unique index: the trigger has to know the new one too."""
    if isinstance(db, PostgresqlDatabase):
        return
    db.execute_sql('DROP TRIGGER audit_entry_no_replace')
    db.execute_sql(
        f"CREATE TRIGGER audit_entry_no_replace BEFORE INSERT ON audit_entry "
        f"WHEN EXISTS (SELECT 1 FROM audit_entry WHERE id = NEW.id{same}) "
        f"BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END"
    )


def down(migrator, db):
    _guard(db, '')
    db.execute_sql('DROP INDEX audit_entry_lane_seq')
    for name in ('digest', 'seq', 'lane'):
        db.execute_sql(f'ALTER TABLE audit_entry DROP COLUMN {name}')
    migrator.migrate(migrator.drop_table('audit_lane'))
