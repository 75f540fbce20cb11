"""The tables of markets, stalls and questions."""

from peewee import BigAutoField, BooleanField, CharField, DateField, ForeignKeyField, IntegerField, Model, TextField


def up(migrator, db):
    class Case(Model):
        id = BigAutoField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "cases_case"

    class Resident(Model):
        id = BigAutoField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "people_resident"

    class Unit(Model):
        class Meta:
            database = db
            legacy_table_names = False
            table_name = "org_unit"

    class Market(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        unit = ForeignKeyField(Unit)
        name = CharField(max_length=40)
        site = CharField(max_length=100, default="")
        digits = CharField(max_length=20)
        lunar = BooleanField()
        thirty_first = BooleanField(default=False)
        paused = CharField(max_length=100, default="")
        version = IntegerField(default=1)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "market_days_market"
            indexes = (
                (("town_id", "name"), True), (("county_id", "id"), False), (("town_id", "id"), False),
                (("village_id", "id"), False))

    class Stall(Model):
        county_id = IntegerField()
        town_id = IntegerField(null=True)
        village_id = IntegerField(null=True)
        grid_id = IntegerField(null=True)
        market = ForeignKeyField(Market)
        number = CharField(max_length=20)
        trade = CharField(max_length=40)
        holder = ForeignKeyField(Resident, null=True)
        since = DateField(null=True)
        version = IntegerField(default=1)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "market_days_stall"
            indexes = (
                (("market", "number"), True), (("county_id", "id"), False), (("town_id", "id"), False),
                (("village_id", "id"), False))

    class Question(Model):
        county_id = IntegerField()
        case = ForeignKeyField(Case, unique=True)
        market = ForeignKeyField(Market)
        stall = ForeignKeyField(Stall, null=True)
        text = TextField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "market_days_question"

    db.create_tables([Market, Stall, Question])


def down(migrator, db):
    for table in ("market_days_question", "market_days_stall", "market_days_market"):
        migrator.migrate(migrator.drop_table(table))
