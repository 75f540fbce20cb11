import secrets

from peewee import (
    BigAutoField,
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    TextField,
)

from portal.db import now, today
from portal.org.models import PlacedModel, Unit
from portal.people import crypto
from portal.people.masks import mask_id, mask_name, mask_phone
from portal.values import Refused

#: What stands where a name was.
ERASED = "已删除"
CHILD = 14

SEXES = {"M": "男", "F": "女"}
TAGS = {
    "alone": "独居空巢", "minimum": "低保", "destitute": "特困", "disabled": "残疾", "ill": "重病", "child": "困境儿童",
    "left_behind": "留守", "veteran": "退役军人", "aged": "80 岁以上",
}


def is_child(born) -> bool:
    day = today()
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day)) < CHILD


class Resident(PlacedModel):
    """A person of the county. ID card and phone are encrypted; everything shown is masked unless it is revealed."""

    id = BigAutoField()
    uuid = CharField(max_length=32, unique=True, default=lambda: secrets.token_hex(16))
    unit = ForeignKeyField(Unit)
    name = CharField(max_length=50)
    initials = CharField(max_length=50, default="")
    id_card_cipher = TextField(default="")
    id_card_index = CharField(max_length=64, null=True)
    phone_cipher = TextField(default="")
    phone_index = CharField(max_length=64, null=True, index=True)
    sex = CharField(max_length=1, default="")
    birth_date = DateField(null=True)
    address = CharField(max_length=200, default="")
    tags = JSONField(default=list)
    #: Who agreed, and how, to a child of less than 14 years being registered (个人信息保护法第三十一条).
    guardian = CharField(max_length=200, default="")
    created_by = IntegerField(null=True)
    created = DateTimeField(default=now)
    updated = DateTimeField(default=now)
    version = IntegerField(default=1)
    #: Found to be the same person as another: this row is empty then and leads to that one.
    merged_into = ForeignKeyField("self", null=True)
    erased_at = DateTimeField(null=True)
    #: When to ask again why this is kept; and the day on which the last reason ended, once it has.
    review_on = DateField(null=True)
    expired_on = DateField(null=True)

    class Meta:
        table_name = "people_resident"
        indexes = (
            (("county_id", "id_card_index"), True),
            (("county_id", "id"), False),
            (("town_id", "id"), False),
            (("village_id", "id"), False),
            (("village_id", "name"), False),
            (("review_on", "id"), False),
        )

    @classmethod
    def seen_by(cls, person):
        """Return the query of the residents in the person's area; not of rows that were merged or erased."""
        return super().seen_by(person).where(cls.merged_into.is_null(), cls.erased_at.is_null())

    @classmethod
    def any_seen_by(cls, person):
        """Return the same with the rows that only say what became of them: addresses that somebody kept lead there."""
        return super().seen_by(person)

    def write(self, field: str, value: str) -> None:
        """Encrypt `value` into the field `id_card` or `phone` and set its blind index."""
        setattr(self, f"{field}_cipher", crypto.encrypt(value, self.uuid, field))
        setattr(self, f"{field}_index", crypto.blind_index(value))

    def read(self, field: str) -> str:
        """Return the plain text of `id_card` or `phone`. Pages call `residents.reveal`, which asks for a reason."""
        return crypto.decrypt(getattr(self, f"{field}_cipher"), self.uuid, field)

    @property
    def masked_name(self) -> str:
        return ERASED if self.erased_at else mask_name(self.name)

    @property
    def masked_id(self) -> str:
        return self._masked("id_card", mask_id)

    @property
    def masked_phone(self) -> str:
        return self._masked("phone", mask_phone)

    def _masked(self, field: str, mask) -> str:
        """One damaged number must not keep a whole list from being read; looking at it in full says what is wrong."""
        try:
            return mask(self.read(field))
        except Refused:
            return "（打不开）"

    @property
    def is_child(self) -> bool:
        """Less than 14 years old today (个人信息保护法第三十一条)."""
        return self.birth_date is not None and is_child(self.birth_date)

    @property
    def lacks_guardian(self) -> bool:
        return self.is_child and not self.guardian

    @property
    def sex_title(self) -> str:
        return SEXES.get(self.sex, "")

    @property
    def tag_titles(self) -> list[str]:
        return [TAGS[tag] for tag in self.tags if tag in TAGS]


Resident.add_index(
    Resident.index(Resident.county_id, Resident.expired_on, where=Resident.expired_on.is_null(False),
                   name="people_resident_expired")
)


class ResidentPair(PlacedModel):
    """Two rows that may be one person, the older first, and why; `apart_at`: somebody found that they are two.

    It lies in the places that both have in common, so only who sees both sees the pair.
    """

    first = ForeignKeyField(Resident)
    second = ForeignKeyField(Resident)
    because = CharField(max_length=12)
    found = DateTimeField(default=now)
    apart_at = DateTimeField(null=True)
    apart_by = CharField(max_length=60, default="")

    class Meta:
        table_name = "people_pair"
        indexes = (
            (("first", "second"), True), (("county_id", "id"), False), (("town_id", "id"), False),
            (("village_id", "id"), False),
        )


class ResidentMerge(PlacedModel):
    """Who became whom, when, why; which rows were led over ([[table, column, [ids]], ...]), and, sealed, what both rows
    said before and afterwards. `undone_at`: it was taken back."""

    id = BigAutoField()
    kept = ForeignKeyField(Resident)
    gone = ForeignKeyField(Resident)
    at = DateTimeField(default=now)
    by_id = IntegerField(null=True)
    by_name = CharField(max_length=60)
    reason = CharField(max_length=200)
    moved = JSONField(default=list)
    before = TextField(default="")
    undone_at = DateTimeField(null=True)
    undone_by = CharField(max_length=60, default="")
    undone_because = CharField(max_length=200, default="")

    class Meta:
        table_name = "people_merge"
        indexes = ((("county_id", "id"), False), (("town_id", "id"), False), (("village_id", "id"), False))

    @property
    def rows_moved(self) -> int:
        return sum(len(ids) for _, _, ids in self.moved)


class ResidentRequest(PlacedModel):
    """What somebody asked for by right (查阅、复制 第四十五条; 删除 第四十七条), or what the end of the retention asked
    for; and what came of it. Kept without a name, so that it can outlive the data."""

    id = BigAutoField()
    resident = ForeignKeyField(Resident)
    kind = CharField(max_length=8)
    at = DateTimeField(default=now)
    by_id = IntegerField(null=True)
    by_name = CharField(max_length=60)
    reason = CharField(max_length=200)
    granted = BooleanField()
    #: Why it was refused: the reasons to keep, with their days.
    because = JSONField(default=list)

    class Meta:
        table_name = "people_request"
        indexes = ((("county_id", "id"), False), (("town_id", "id"), False), (("village_id", "id"), False))
