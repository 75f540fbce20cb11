"""Merging: which case answers for which, and which may be the same matter."""

from peewee import *


def up(migrator, db):
    class Case(Model):
        id = BigAutoField()
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_case'

    class User(Model):
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'accounts_user'

    class Likeness(Model):
        id = BigAutoField()
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        case = ForeignKeyField(Case, index=False, backref='+')
        other = ForeignKeyField(Case, backref='+')
        score = SmallIntegerField()
        reasons = JSONField(default=list)
        at = DateTimeField()
        verdict = CharField(max_length=10, default='')
        decided_at = DateTimeField(null=True)
        decided_by_name = CharField(max_length=60, default='')
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_likeness'
            indexes = ((('case', 'other'), True),)
    for place in ('county_id', 'town_id', 'village_id'):
        Likeness.add_index(Likeness.index(
            getattr(Likeness, place), Likeness.id, where=SQL("verdict = ''"), name=f'cases_likeness_{place}_open'))
    db.create_tables([Likeness])

    class Merge(Model):
        id = BigAutoField()
        county_id = IntegerField()
        case = ForeignKeyField(Case, index=False, backref='+')
        into = ForeignKeyField(Case, index=False, backref='+')
        at = DateTimeField()
        by = ForeignKeyField(User, null=True)
        by_name = CharField(max_length=60)
        text = TextField(default='')
        stood = JSONField(default=dict)
        owed = BooleanField(default=True)
        told_at = DateTimeField(null=True)
        told_by_name = CharField(max_length=60, default='')
        told_how = CharField(max_length=20, default='')
        undone_at = DateTimeField(null=True)
        undone_by_name = CharField(max_length=60, default='')
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'cases_merge'
    live = SQL('undone_at IS NULL')
    Merge.add_index(Merge.index(Merge.case, unique=True, where=live, name='cases_merge_case'))
    Merge.add_index(Merge.index(Merge.into, Merge.id, where=live, name='cases_merge_into'))
    Merge.add_index(Merge.index(
        Merge.county_id, Merge.id, where=SQL('told_at IS NULL AND undone_at IS NULL AND owed'),
        name='cases_merge_untold'))
    db.create_tables([Merge])

    # Written out: with its default in the table a column comes to a million rows at once.
    db.execute_sql('ALTER TABLE cases_case ADD COLUMN merged_count SMALLINT NOT NULL DEFAULT 0')
    db.execute_sql('ALTER TABLE cases_case ADD COLUMN alike SMALLINT NOT NULL DEFAULT 0')
    migrator.migrate(migrator.add_column(
        'cases_case', 'merged_into_id', ForeignKeyField(Case, field=Case.id, null=True)))


def down(migrator, db):
    migrator.migrate(migrator.drop_table('cases_merge'))
    migrator.migrate(migrator.drop_table('cases_likeness'))
    migrator.migrate(migrator.drop_index('cases_case', 'cases_case_merged_into_id'))
    migrator.migrate(migrator.drop_column('cases_case', 'alike'))
    migrator.migrate(migrator.drop_column('cases_case', 'merged_count'))
    migrator.migrate(migrator.drop_column('cases_case', 'merged_into_id'))
