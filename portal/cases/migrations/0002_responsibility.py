"""Who must act: signing for a case, sending it back, asking other units to assist."""

from peewee import *

#: Columns with a value for the cases that are there. ADD COLUMN with a default touches no row, so that a ledger of
#: millions is not written anew.
COUNTERS = {
    "returns": "INTEGER NOT NULL DEFAULT 0", "to_decide": "BOOLEAN NOT NULL DEFAULT FALSE",
    "decided_by_superior": "BOOLEAN NOT NULL DEFAULT FALSE", "assists": "INTEGER NOT NULL DEFAULT 0",
    "assists_open": "INTEGER NOT NULL DEFAULT 0",
}
MOMENTS = ("sign_due", "signed", "sign_reminded", "handed_at")


def up(migrator, db):
    class Case(Model):
        id = BigAutoField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_case'

    class Unit(Model):
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'org_unit'

    class User(Model):
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'accounts_user'

    for name in MOMENTS:
        migrator.migrate(migrator.add_column('cases_case', name, DateTimeField(null=True)))
    migrator.migrate(migrator.add_column('cases_case', 'handed_from_id', IntegerField(null=True)))
    for name, declared in COUNTERS.items():
        db.execute_sql(f'ALTER TABLE "cases_case" ADD COLUMN "{name}" {declared}')
    db.execute_sql(
        'CREATE INDEX "cases_case_unsigned" ON "cases_case" ("sign_due") '
        'WHERE signed IS NULL AND sign_due IS NOT NULL AND closed IS NULL'
    )

    class Assist(Model):
        id = BigAutoField()
        county_id = IntegerField()
        case = ForeignKeyField(Case)
        unit = ForeignKeyField(Unit, index=False)
        asked_at = DateTimeField()
        asked_by = ForeignKeyField(User, index=False)
        asked_by_name = CharField(max_length=60)
        wanted = TextField()
        due = DateTimeField()
        state = CharField(max_length=10, default='asked')
        ended = DateTimeField(null=True)
        by_name = CharField(max_length=60, default='')
        text = TextField(default='')
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_assist'
    Assist.add_index(
        Assist.index(Assist.unit, Assist.due, Assist.case, where=SQL("ended IS NULL"), name="cases_assist_open")
    )
    db.create_tables([Assist])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('cases_assist'))
    db.execute_sql('DROP INDEX "cases_case_unsigned"')
    for name in (*COUNTERS, "handed_from_id", *MOMENTS):
        db.execute_sql(f'ALTER TABLE "cases_case" DROP COLUMN "{name}"')
