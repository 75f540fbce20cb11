"""Into which unit one was merged, and the names that it had before."""

from peewee import *


def up(migrator, db):
    class Unit(Model):
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'org_unit'

    successor = ForeignKeyField(Unit, field=Unit.id, null=True)
    migrator.migrate(migrator.add_column('org_unit', 'successor_id', successor))
    db.execute_sql("ALTER TABLE org_unit ADD COLUMN former TEXT NOT NULL DEFAULT ''")
    names = {}
    for key, day, name in db.execute_sql(
        "SELECT unit_id, \"on\", old_name FROM org_unit_change WHERE kind = 'renamed' ORDER BY id"
    ).fetchall():
        names.setdefault(key, []).append(f"{str(day)[:10]} {name}")
    mark = db.param
    for key, lines in names.items():
        db.execute_sql(f"UPDATE org_unit SET former = {mark} WHERE id = {mark}", ("\n".join(lines), key))


def down(migrator, db):
    migrator.migrate(migrator.drop_index('org_unit', 'org_unit_successor_id'))
    migrator.migrate(migrator.drop_column('org_unit', 'former'))
    migrator.migrate(migrator.drop_column('org_unit', 'successor_id'))
