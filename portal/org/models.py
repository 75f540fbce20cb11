"""The tree of units: 县 > 乡镇 > 村 > 网格, with departments and offices beside them. Codes are keys, names are not."""

import datetime
import functools
from dataclasses import dataclass

from peewee import (
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    TextField,
)

from portal.db import Model, now, today
from portal.org import directory
from portal.org.names import initials_of, short_of
from portal.prepared import PreparedModels, PreparedRows

#: "region" stands for province and prefecture, which a nation's import brings along.
LEVELS = {
    "region": "省市", "county": "县（区）", "town": "乡镇（街道）", "village": "村（社区）", "grid": "网格",
    "department": "部门",
}
PLACES = ("county", "town", "village", "grid")


def ids_of(path: str) -> list[int]:
    """Return the ids that a path holds, the top first."""
    return [int(part) for part in path.strip("/").split("/") if part]


@dataclass(frozen=True, slots=True)
class UnitRef:
    """A unit as people and lists carry it about; no query hangs on it."""

    id: int
    code: str
    name: str
    short: str
    level: str
    kind: str
    reach: str
    path: str
    parent_id: int | None
    county_id: int | None
    town_id: int | None
    village_id: int | None
    grid_id: int | None

    @property
    def area(self) -> tuple[str, int] | None:
        """Return the place column and id that this unit's staff see: ("town_id", 12).

        An office acts for the unit that it belongs to; a county department sees the matters of its line.
        """
        if self.level == "department":
            if self.reach == "line":
                return ("line_id", self.id)
            return ("town_id", self.town_id) if self.town_id else ("county_id", self.county_id)
        return (f"{self.level}_id", self.id) if self.level in PLACES else None

    @property
    def top(self) -> tuple[int, str]:
        """Return the id and level of the unit at the top of what its people see: an office sees what its unit does."""
        if self.level == "department" and self.parent_id:
            return self.parent_id, "town" if self.town_id else "county"
        return self.id, self.level

    @property
    def sight(self) -> tuple[int, str, str]:
        """Return `top`, and the path of that unit."""
        top, level = self.top
        return top, level, self.path if top == self.id else self.path.rstrip("/").rsplit("/", 1)[0] + "/"

    def covers(self, other) -> bool:
        """Tell whether `other` (a Unit or UnitRef) lies in what this unit's staff may act on."""
        if self.level == "department":
            if self.reach == "line":
                return other.id == self.id
            top = self.path.rstrip("/").rsplit("/", 1)[0] + "/"
            return other.path.startswith(top)
        return other.path.startswith(self.path)


class Unit(Model):
    """One unit. `path` holds the ids from the top ("/1/12/345/"); the place columns hold the unit's own id as well."""

    code = CharField(max_length=24, unique=True)
    name = CharField(max_length=100)
    short = CharField(max_length=100)
    level = CharField(max_length=12)
    kind = CharField(max_length=20, default="")
    #: For departments: "area" acts for its parent's whole area, "line" only for the matters of its line.
    reach = CharField(max_length=6, default="area")
    parent = ForeignKeyField("self", null=True)
    path = CharField(max_length=120, default="")
    county_id = IntegerField(null=True, index=True)
    town_id = IntegerField(null=True, index=True)
    village_id = IntegerField(null=True)
    grid_id = IntegerField(null=True)
    initials = CharField(max_length=100, default="")
    is_statistical_only = BooleanField(default=False)
    valid_from = DateField(null=True)
    valid_to = DateField(null=True)
    version = IntegerField(default=1)
    #: The unit into which this one was merged. It then lies below that one, so that who sees the one sees the other.
    successor = ForeignKeyField("self", null=True, backref="+")
    #: The names that it had before, oldest first, a line each: "2026-11-26 华光村村民委员会", the day being its last.
    former = TextField(default="")

    class Meta:
        table_name = "org_unit"
        indexes = ((("parent", "code"), False), (("county_id", "level"), False))

    def ref(self) -> UnitRef:
        return UnitRef(*(getattr(self, name) for name in UnitRef.__slots__))

    def place(self) -> dict[str, int | None]:
        return {f"{level}_id": getattr(self, f"{level}_id") for level in PLACES}

    @property
    def level_title(self) -> str:
        return LEVELS[self.level]

    @property
    def is_closed(self) -> bool:
        """A unit is closed from the moment that somebody closes it; `valid_to` is the day that the decree names."""
        return self.valid_to is not None

    @property
    def former_names(self) -> list[tuple[datetime.date, str]]:
        """Return (last day, name) of the names that the unit had before, the oldest first."""
        lines = (line.split(" ", 1) for line in self.former.splitlines())
        return [(datetime.date.fromisoformat(day), name) for day, name in lines]

    def name_on(self, day: datetime.date) -> str:
        """Return the name that the unit had on `day`: old cases print the old name. A change counts from its day on."""
        return next((name for last, name in self.former_names if day < last), self.name)

    def current(self) -> "Unit":
        """Return the unit that has taken the place of this one, or this one."""
        found = self
        while found.successor_id is not None:
            found = Unit.get_by_id(found.successor_id)
        return found

    def ancestors(self) -> list["Unit"]:
        """Return the units above this one, the top first."""
        ids = ids_of(self.path)[:-1]
        found = {unit.id: unit for unit in Unit.select().where(Unit.id.in_(ids))} if ids else {}
        return [found[key] for key in ids if key in found]

    @property
    def label(self) -> str:
        """Return the whole way to this unit: 三台县 / 塔山镇 / 华光村."""
        return " / ".join([unit.short for unit in self.ancestors() if unit.level != "region"] + [self.short])

    @classmethod
    def get_by_id(cls, pk) -> "Unit":
        """Return the unit with the key `pk`, as peewee would: no other row is asked for so often."""
        found = _by_key(key=pk)
        if not found:
            raise cls.DoesNotExist(f"no unit {pk}")
        return found[0]

    @classmethod
    def seen_by(cls, person):
        """Return the query of the units in the area of the person's active post, and of those above it.

        The place columns are asked, not the path: they have an index, and a nation has 660,000 units.
        """
        unit = person.post.unit if person.post else None
        if unit is None:
            return cls.select().where(cls.id < 0)
        top, level, path = unit.sight
        return cls.select().where(cls.in_sight(level, top, unit.town_id, path, ids_of(path)))

    @classmethod
    def in_sight(cls, level: str, top, town, path, above: list, place=lambda column: column):
        """Return the condition of `seen_by`: of `level`, and of values or of the slots of a statement that is kept.

        `top` and `path` are those of UnitRef.sight, `above` are the ids that the path holds. `place` is given the place
        column: `unindexed` where units come by their keys, because SQLite works out an OR of two indexes each time.
        """
        if level not in PLACES:
            return cls.path.startswith(path) | cls.id.in_(above)
        below = place(getattr(cls, f"{level}_id")) == top
        if level in ("village", "grid"):  # only counties and towns have an index of their own
            below &= place(cls.town_id) == town
        return below | cls.id.in_(above)

    def is_seen_by(self, person) -> bool:
        """Tell whether `seen_by` finds this unit for the person."""
        unit = person.post.unit if person.post else None
        if unit is None:
            return False
        top, level, path = unit.sight
        if self.id in ids_of(path):
            return True
        if level not in PLACES:
            return self.path.startswith(path)
        return getattr(self, f"{level}_id") == top and (
            level not in ("village", "grid") or self.town_id == unit.town_id)

    @classmethod
    def add(cls, *, code: str, name: str, level: str, parent=None, kind: str = "", reach: str = "area",
            listed: bool = True) -> "Unit":
        """Create one unit below `parent` with its path and place columns; `listed=False`: the caller writes the
        directory, once for all that it does there."""
        place = parent.place() if parent is not None else {}
        unit = cls.create(
            code=code, name=name, short=short_of(name), level=level, kind=kind, reach=reach, parent=parent,
            initials=initials_of(name), valid_from=today(), **place,
        )
        if level in PLACES:
            setattr(unit, f"{level}_id", unit.id)
        unit.path = f"{parent.path if parent is not None else '/'}{unit.id}/"
        unit.save()
        if listed:
            directory.write_anew([unit.listed_at])
        return unit

    @classmethod
    def within(cls, unit: "Unit", path: str = ""):
        """Return the condition of the units whose path begins with `path`, that of `unit` if not told.

        `path` lies in the county of `unit`, whose column has an index: the paths of a nation have none.
        """
        found = cls.path.startswith(path or unit.path)
        return found & (cls.county_id == unit.county_id) if unit.county_id else found

    @staticmethod
    def list_anew(units) -> None:
        """Bring the directory up to date where `units` lie: for whoever writes names, places or ends of units by
        statements of their own; `add` and the acts on units do it themselves."""
        directory.write_anew({unit.listed_at for unit in units})

    @property
    def listed_at(self) -> int:
        """The place in whose row of the directory this unit stands."""
        return self.town_id or self.county_id or self.id

    @classmethod
    def hold(cls, key: int) -> bool:
        """Make everybody who changes this unit, or adds below it, wait for this transaction; False if it is closed.

        Writing the row as it is does so on both engines. Call it before looking at what is below.
        """
        return bool(cls.update(version=cls.version).where(cls.id == key, cls.valid_to.is_null()).execute())

    @classmethod
    def next_code(cls, parent: "Unit", level: str) -> str:
        """Return a code below `parent` that no unit ever had: grids 510722104204001, offices 510722000000-01.

        Hold the parent first, so that two who add at once do not get the same one.
        """
        stem, digits = (parent.code, 3) if level == "grid" else (f"{parent.code}-", 2)
        # Of all units, not of those below the parent: a grid that was moved keeps its code.
        after = stem[:-1] + chr(ord(stem[-1]) + 1)  # a range has an index, LIKE has none
        codes = cls.select(cls.code).where(cls.code > stem, cls.code < after, cls.level == level).tuples()
        used = [int(code[len(stem):]) for (code,) in codes if code[len(stem):].isdecimal()]
        return f"{stem}{max(used, default=0) + 1:0{digits}d}"


_by_key = PreparedModels(lambda slots: Unit.select().where(Unit.id == slots.key))


class PlacedModel(Model):
    """The base of rows that lie somewhere: one column per level, filled from the unit by `**unit.place()`."""

    county_id = IntegerField()
    town_id = IntegerField(null=True)
    village_id = IntegerField(null=True)
    grid_id = IntegerField(null=True)

    class Meta:
        indexes = ((("county_id", "id"), False), (("town_id", "id"), False), (("village_id", "id"), False))

    def save(self, force_insert=False, only=None):
        """Write the row; a new one by a statement that is worked out once for each table."""
        if only is None and self._meta.auto_increment and self._pk is None:
            _rows_of(type(self)).insert(self)
            return 1
        return super().save(force_insert, only)

    @classmethod
    def seen_by(cls, person):
        """Return the query of the rows in the place of the person's active post; a line sees none by itself."""
        column, value = person.area or ("line_id", 0)
        return cls.select().where(cls.id < 0 if column == "line_id" else getattr(cls, column) == value)


@functools.cache
def _rows_of(model: type[PlacedModel]) -> PreparedRows:
    return PreparedRows(model)


class UnitChange(Model):
    """What became of a unit: old cases still print the name that it had then."""

    unit = ForeignKeyField(Unit)
    kind = CharField(max_length=12)
    other = ForeignKeyField(Unit, null=True, backref="+")
    old_name = CharField(max_length=100, default="")
    new_name = CharField(max_length=100, default="")
    on = DateField(default=today)
    note = CharField(max_length=200, default="")
    by_id = IntegerField(null=True)
    by_name = CharField(max_length=60, default="")
    at = DateTimeField(default=now)

    class Meta:
        table_name = "org_unit_change"


class TownPlugin(Model):
    """Whether a town (or the county) has enabled a plugin. Installing needs a restart, enabling is this row."""

    unit = ForeignKeyField(Unit)
    plugin = CharField(max_length=40)
    enabled = BooleanField()
    by_id = IntegerField(null=True)
    by_name = CharField(max_length=60, default="")
    at = DateTimeField(default=now)

    class Meta:
        table_name = "org_town_plugin"
        indexes = ((("unit", "plugin"), True),)


class TownPluginEvent(Model):
    """The history of TownPlugin: who enabled or disabled what, and when."""

    unit = ForeignKeyField(Unit)
    plugin = CharField(max_length=40)
    enabled = BooleanField()
    by_id = IntegerField(null=True)
    by_name = CharField(max_length=60, default="")
    at = DateTimeField(default=now)

    class Meta:
        table_name = "org_town_plugin_event"


TownPluginEvent.add_index(TownPluginEvent.index(
    TownPluginEvent.plugin, TownPluginEvent.unit, TownPluginEvent.id, name="org_town_plugin_event_plugin"))


class PluginRule(Model):
    """What the county lays down about a plugin: `unit` is a town, or the county itself for all of its towns.

    `kind` is one of rules.KINDS; a rule for one town goes before the one for all.
    """

    county = ForeignKeyField(Unit, index=False, backref="+")
    unit = ForeignKeyField(Unit, index=False, backref="+")
    plugin = CharField(max_length=40)
    kind = CharField(max_length=10)
    reason = CharField(max_length=200)
    version = IntegerField(default=1)
    by_id = IntegerField(null=True)
    by_name = CharField(max_length=60, default="")
    at = DateTimeField(default=now)

    class Meta:
        table_name = "org_plugin_rule"
        whole = True
        indexes = ((("unit", "plugin"), True), (("county", "plugin"), False))


class OrgRevision(Model):
    """One row whose `token` changes with every switch of a plugin, so that workers notice without reading the table.

    The token is random, not counted: a number could be given out twice when the first change is rolled back.
    """

    token = CharField(max_length=32)

    class Meta:
        table_name = "org_revision"


class OrgSetting(Model):
    """What a county or a town has set, where that differs from what holds above: the county's value, the default."""

    unit = ForeignKeyField(Unit)
    name = CharField(max_length=60)
    value = JSONField()
    by_name = CharField(max_length=60, default="")
    at = DateTimeField(default=now)

    class Meta:
        table_name = "org_setting"
        indexes = ((("unit", "name"), True),)


class OrgSettingEvent(Model):
    """The history of OrgSetting: who set what, and what the unit had set before; null where it had set nothing."""

    unit = ForeignKeyField(Unit, index=False)
    name = CharField(max_length=60)
    old = JSONField(null=True)
    new = JSONField(null=True)
    by_id = IntegerField(null=True)
    by_name = CharField(max_length=60, default="")
    at = DateTimeField(default=now)

    class Meta:
        table_name = "org_setting_event"
        indexes = ((("unit", "name", "id"), False),)


class OrgCopy(Model):
    """One town's set-up taken over by another: what was done line by line, and what had stood there before."""

    county_id = IntegerField()
    source = ForeignKeyField(Unit, backref="+")
    target = ForeignKeyField(Unit, backref="+")
    #: The copying that this one took back.
    undoes = ForeignKeyField("self", null=True)
    #: [{kind, name, before, after, why, said}]: `why` it was not done, "" where it was; `said`: title, before and after
    #: in the words of that day.
    lines = JSONField()
    by_id = IntegerField(null=True)
    by_name = CharField(max_length=60, default="")
    at = DateTimeField(default=now)

    class Meta:
        table_name = "org_copy"
        whole = True
        indexes = ((("county_id", "id"), False),)

    @property
    def refused(self) -> list[dict]:
        """The lines that could not be done."""
        return [line for line in self.lines if line["why"]]
