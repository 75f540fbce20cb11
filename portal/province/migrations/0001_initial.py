"""The counties of a province, and their last answers."""

from peewee import BigAutoField, CharField, DateField, DateTimeField, JSONField, Model


def up(migrator, db):
    class ProvinceCounty(Model):
        id = BigAutoField()
        code = CharField(max_length=24, unique=True)
        name = CharField(max_length=100)
        place = CharField(max_length=200)
        attached_at = DateTimeField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "province_county"

    class ProvinceAnswer(Model):
        id = BigAutoField()
        code = CharField(max_length=24)
        span = CharField(max_length=8)
        first = DateField()
        at = DateTimeField()
        counts = JSONField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "province_answer"
            indexes = ((("code", "span", "first"), True),)

    db.create_tables([ProvinceCounty, ProvinceAnswer])


def down(migrator, db):
    migrator.migrate(migrator.drop_table("province_answer"), migrator.drop_table("province_county"))
