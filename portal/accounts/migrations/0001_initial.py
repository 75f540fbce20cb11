"""The first tables of this room."""

from peewee import *


def up(migrator, db):
    class Unit(Model):
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'org_unit'

    class Failure(Model):
        key = CharField(primary_key=True, max_length=80)
        count = IntegerField(default=0)
        since = DateTimeField()
        until = DateTimeField(null=True)
        rounds = IntegerField(default=0)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'accounts_failure'
    db.create_tables([Failure])

    class KnownPermission(Model):
        name = CharField(primary_key=True, max_length=60)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'accounts_known_permission'
    db.create_tables([KnownPermission])

    class User(Model):
        name = CharField(unique=True, max_length=40)
        full_name = CharField(max_length=60)
        password_hash = CharField(max_length=200)
        password_at = DateTimeField()
        earlier_hashes = JSONField(default=list)
        must_change = BooleanField(default=True)
        initial_until = DateTimeField(null=True)
        locked = BooleanField(default=False)
        expires_on = DateField(null=True)
        created = DateTimeField()
        created_by = IntegerField(null=True)
        last_seen = DateTimeField(null=True)
        large_type = BooleanField(default=False)
        totp_cipher = CharField(max_length=200, default='')
        totp_step = BigIntegerField(default=0)
        version = IntegerField(default=1)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'accounts_user'
    db.create_tables([User])

    class RecoveryCode(Model):
        user = ForeignKeyField(User)
        code_hash = CharField(max_length=64)
        used = DateTimeField(null=True)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'accounts_recovery_code'
    db.create_tables([RecoveryCode])

    class Role(Model):
        slug = CharField(unique=True, max_length=40)
        title = CharField(max_length=40)
        permissions = JSONField(default=list)
        exclusive = BooleanField(default=False)
        builtin = BooleanField(default=False)
        version = IntegerField(default=1)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'accounts_role'
    db.create_tables([Role])

    class Post(Model):
        user = ForeignKeyField(User)
        unit = ForeignKeyField(Unit)
        role = ForeignKeyField(Role)
        title = CharField(max_length=60)
        valid_from = DateField()
        valid_to = DateField(null=True)
        created_by = IntegerField(null=True)
        at = DateTimeField()
        version = IntegerField(default=1)
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'accounts_post'
    db.create_tables([Post])

    class Session(Model):
        token_hash = CharField(unique=True, max_length=64)
        user = ForeignKeyField(User)
        post_id = IntegerField(null=True)
        created = DateTimeField()
        last_seen = DateTimeField()
        address = CharField(max_length=45, default='')
        agent = CharField(max_length=200, default='')
        ended = DateTimeField(null=True)
        reason = CharField(max_length=40, default='')
        class Meta:
            database = db
            legacy_table_names = False
            table_name = 'accounts_session'
    db.create_tables([Session])

def down(migrator, db):
    migrator.migrate(migrator.drop_table('accounts_session'))
    migrator.migrate(migrator.drop_table('accounts_post'))
    migrator.migrate(migrator.drop_table('accounts_role'))
    migrator.migrate(migrator.drop_table('accounts_recovery_code'))
    migrator.migrate(migrator.drop_table('accounts_user'))
    migrator.migrate(migrator.drop_table('accounts_known_permission'))
    migrator.migrate(migrator.drop_table('accounts_failure'))
