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


def down(migrator, db):
    db.execute_sql('DROP INDEX audit_entry_lane_seq')
    for name in ('digest', 'seq', 'lane'):
        db.execute_sql(f'ALTER TABLE audit_entry DROP COLUMN {name}')
    migrator.migrate(migrator.drop_table('audit_lane'))
