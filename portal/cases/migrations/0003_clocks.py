"""Extensions, what a calendar change moved, and what a pause rests on."""

from peewee import *

#: table, column, type; the value for rows that are there, None where it may be empty.
COLUMNS = (
    ("cases_case", "resume_by", "DATE", None),
    ("cases_case", "pauses", "SMALLINT", "0"),
    ("cases_case", "extended", "INTEGER", "0"),
    ("cases_case", "extension", "VARCHAR(10)", "''"),
    ("cases_case", "extension_asked", "INTEGER", None),
    ("cases_pause", "kind", "VARCHAR(20)", "''"),
    ("cases_pause", "law", "VARCHAR(100)", "''"),
    ("cases_pause", "evidence", "VARCHAR(500)", "''"),
    ("cases_pause", "until_expected", "DATE", None),
    ("cases_pause", "by_name", "VARCHAR(60)", "''"),
    ("cases_pause", "ended_by", "VARCHAR(60)", "''"),
    ("cases_pause", "reminded_on", "DATE", None),
)
DESK = "CREATE INDEX cases_case_unit_id_due ON cases_case (unit_id, due, id, kind, person_id, restricted, created_by_id"
WHERE = " WHERE closed IS NULL"
INDEXES = (
    "CREATE INDEX cases_case_extension_asked ON cases_case (extension_asked, due, id) WHERE extension_asked IS NOT NULL",
    "CREATE INDEX cases_case_resume_by ON cases_case (unit_id, resume_by) WHERE resume_by IS NOT NULL",
)


def up(migrator, db):
    class Case(Model):
        id = BigAutoField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = "cases_case"

    class Unit(Model):
        class Meta:
            database = db
            legacy_table_names = False
            table_name = "org_unit"

    class User(Model):
        class Meta:
            database = db
            legacy_table_names = False
            table_name = "accounts_user"

    class DueMove(Model):
        id = BigAutoField()
        county_id = IntegerField()
        change_id = IntegerField()
        case = ForeignKeyField(Case)
        old = DateTimeField()
        new = DateTimeField()
        kept = BooleanField(default=False)
        unit = ForeignKeyField(Unit, index=False)
        person_id = IntegerField(null=True)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = "cases_due_move"
            indexes = ((("change_id", "case"), True),)
    db.create_tables([DueMove])

    class Extension(Model):
        id = BigAutoField()
        county_id = IntegerField()
        case = ForeignKeyField(Case)
        amount = IntegerField()
        measure = CharField(max_length=10)
        reason = TextField()
        unit = ForeignKeyField(Unit, index=False)
        asked_at = DateTimeField()
        asked_by = ForeignKeyField(User, index=False)
        asked_by_name = CharField(max_length=60)
        approver = ForeignKeyField(Unit, index=False)
        state = CharField(max_length=10, default="asked")
        decided_at = DateTimeField(null=True)
        decided_by_name = CharField(max_length=60, default='')
        decision = TextField(default='')
        due_before = DateTimeField(null=True)
        due_after = DateTimeField(null=True)
        told_channel = CharField(max_length=20, default='')
        told_text = TextField(default='')
        class Meta:
            database = db
            legacy_table_names = False
            table_name = "cases_extension"
    db.create_tables([Extension])

    # Written out: with a default both engines add a column at once, where peewee would copy the table on SQLite.
    for table, column, kind, value in COLUMNS:
        given = f" NOT NULL DEFAULT {value}" if value is not None else ""
        db.execute_sql(f"ALTER TABLE {table} ADD COLUMN {column} {kind}{given}")
        if given and isinstance(db, PostgresqlDatabase):
            db.execute_sql(f"ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT")
    db.execute_sql("DROP INDEX cases_case_unit_id_due")  # the desk counts from this index alone
    for statement in (*INDEXES, f"{DESK}, resume_by){WHERE}"):
        db.execute_sql(statement)
    db.execute_sql(
        "UPDATE cases_case SET pauses = (SELECT COUNT(*) FROM cases_pause WHERE case_id = cases_case.id) "
        "WHERE id IN (SELECT case_id FROM cases_pause)"
    )



def down(migrator, db):
    for name in ("cases_case_extension_asked", "cases_case_resume_by"):
        db.execute_sql(f"DROP INDEX {name}")
    db.execute_sql("DROP INDEX cases_case_unit_id_due")
    db.execute_sql(f"{DESK}){WHERE}")
    for table, column, *_ in reversed(COLUMNS):
        db.execute_sql(f"ALTER TABLE {table} DROP COLUMN {column}")
    for table in ("cases_extension", "cases_due_move"):
        migrator.migrate(migrator.drop_table(table))
