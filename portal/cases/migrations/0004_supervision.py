"""Supervision: reminders, orders, instructions, rules, and what the case itself tells of them."""

from peewee import *

ADDED = (
    ('reminded', 'INTEGER NOT NULL DEFAULT 0'), ('supervised', 'INTEGER NOT NULL DEFAULT 0'),
    ('instructed', 'INTEGER NOT NULL DEFAULT 0'), ('overseen', 'BOOLEAN NOT NULL DEFAULT FALSE'),
    ('former_unit_id', 'INTEGER REFERENCES org_unit (id)'),
)


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

    class Instruction(Model):
        id = BigAutoField()
        county_id = IntegerField()
        case = ForeignKeyField(Case)
        leader = ForeignKeyField(User, index=False)
        leader_name = CharField(max_length=60)
        post_title = CharField(max_length=60, default='')
        unit = ForeignKeyField(Unit, index=False)
        text = TextField()
        at = DateTimeField()
        due = DateTimeField(null=True)
        feedback = TextField(default='')
        feedback_at = DateTimeField(null=True)
        feedback_id = IntegerField(null=True)
        feedback_name = CharField(max_length=60, default='')
        feedback_unit = CharField(max_length=200, default='')
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_instruction'
            indexes = ((('leader', 'id'), False), (('county_id', 'id'), False))
    Instruction.add_index(Instruction.index(
        Instruction.county_id, Instruction.due, where=SQL('feedback_at IS NULL AND due IS NOT NULL'),
        name='cases_instruction_open',
    ))
    db.create_tables([Instruction])

    class Order(Model):
        id = BigAutoField()
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        number = CharField(max_length=120)
        series_unit_id = IntegerField()
        year = IntegerField()
        serial = IntegerField()
        colour = CharField(max_length=6)
        issuer = ForeignKeyField(Unit, index=False, backref='+')
        unit = ForeignKeyField(Unit, index=False, backref='+')
        subject = CharField(max_length=200)
        demand = TextField()
        due = DateTimeField()
        signer = CharField(max_length=60)
        issued_at = DateTimeField()
        issued_by = ForeignKeyField(User, index=False)
        issued_name = CharField(max_length=60)
        status = CharField(max_length=10, default='issued')
        accepted_at = DateTimeField(null=True)
        accepted_name = CharField(max_length=60, default='')
        answered_at = DateTimeField(null=True)
        settled_at = DateTimeField(null=True)
        settled_name = CharField(max_length=60, default='')
        remark = TextField(default='')
        version = IntegerField(default=1)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_order'
            indexes = (
                (('series_unit_id', 'year', 'serial'), True), (('county_id', 'id'), False), (('town_id', 'id'), False),
                (('village_id', 'id'), False),
            )
    for side in ('issuer', 'unit'):
        field = getattr(Order, side)
        Order.add_index(Order.index(field, Order.id.desc(), name=f'cases_order_{side}'))
        Order.add_index(
            Order.index(field, Order.due, where=Order.settled_at.is_null(), name=f'cases_order_{side}_open')
        )
    db.create_tables([Order])

    class OrderAnswer(Model):
        id = BigAutoField()
        county_id = IntegerField()
        order = ForeignKeyField(Order)
        text = TextField()
        at = DateTimeField()
        by_id = IntegerField()
        by_name = CharField(max_length=60)
        unit_name = CharField(max_length=200)
        late = BooleanField(default=False)
        verdict = CharField(max_length=10, default='')
        verdict_text = TextField(default='')
        verdict_at = DateTimeField(null=True)
        verdict_name = CharField(max_length=60, default='')
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_order_answer'
    db.create_tables([OrderAnswer])

    class OrderCase(Model):
        order = ForeignKeyField(Order, index=False)
        case = ForeignKeyField(Case)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_order_case'
            indexes = ((('order', 'case'), True),)
    db.create_tables([OrderCase])

    class Reminder(Model):
        id = BigAutoField()
        county_id = IntegerField()
        case = ForeignKeyField(Case, index=False)
        author_id = IntegerField(default=0)
        author_name = CharField(max_length=60)
        on = DateField()
        at = DateTimeField()
        text = TextField(default='')
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_reminder'
            indexes = ((('case', 'author_id', 'on'), True),)
    db.create_tables([Reminder])

    class Rule(Model):
        unit = ForeignKeyField(Unit, index=False)
        kind = CharField(max_length=40, default='')
        yellow = SmallIntegerField(null=True)
        red = SmallIntegerField(null=True)
        orange_days = SmallIntegerField(null=True)
        red_days = SmallIntegerField(null=True)
        escalate_days = SmallIntegerField(null=True)
        auto_remind = BooleanField(null=True)
        by_name = CharField(max_length=60, default='')
        at = DateTimeField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_rule'
            indexes = ((('unit', 'kind'), True),)
    db.create_tables([Rule])

    class Told(Model):
        topic = CharField(max_length=60)
        about = CharField(max_length=60)
        on = DateField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_told'
            primary_key = CompositeKey('topic', 'about', 'on')
    db.create_tables([Told])

    # Added with their default, so that neither engine has to write a table of millions of rows anew.
    for name, column in ADDED:
        db.execute_sql(f'ALTER TABLE cases_case ADD COLUMN {name} {column}')


def down(migrator, db):
    migrator.migrate(migrator.drop_column('cases_case', 'former_unit_id'))
    migrator.migrate(migrator.drop_column('cases_case', 'overseen'))
    migrator.migrate(migrator.drop_column('cases_case', 'instructed'))
    migrator.migrate(migrator.drop_column('cases_case', 'supervised'))
    migrator.migrate(migrator.drop_column('cases_case', 'reminded'))
    migrator.migrate(migrator.drop_table('cases_told'))
    migrator.migrate(migrator.drop_table('cases_rule'))
    migrator.migrate(migrator.drop_table('cases_reminder'))
    migrator.migrate(migrator.drop_table('cases_order_case'))
    migrator.migrate(migrator.drop_table('cases_order_answer'))
    migrator.migrate(migrator.drop_table('cases_order'))
    migrator.migrate(migrator.drop_table('cases_instruction'))
