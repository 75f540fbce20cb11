import secrets

from peewee import (
    BigAutoField,
    CharField,
    DateField,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    TextField,
)

from portal.db import now
from portal.org.models import PlacedModel, Unit
from portal.people import crypto
from portal.people.masks import mask_id, mask_name, mask_phone
from portal.values import Refused

SEXES = {"M": "男", "F": "女"}
TAGS = {
    "alone": "独居空巢", "minimum": "低保", "destitute": "特困", "disabled": "残疾", "ill": "重病", "child": "困境儿童",
    "left_behind": "留守", "veteran": "退役军人", "aged": "80 岁以上",
}


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
    created_by = IntegerField(null=True)
    created = DateTimeField(default=now)
    updated = DateTimeField(default=now)
    version = IntegerField(default=1)

    class Meta:
        table_name = "people_resident"
        indexes = (
            (("county_id", "id_card_index"), True),
            (("county_id", "id"), False),
            (("town_id", "id"), False),
            (("village_id", "id"), False),
        )

    def write(self, field: str, value: str) -> None:
        """Encrypt `value` into the field `id_card` or `phone` and set its blind index."""
        setattr(self, f"{field}_cipher", crypto.encrypt(value, self.uuid, field))
        setattr(self, f"{field}_index", crypto.blind_index(value))

    def read(self, field: str) -> str:
        """Return the plain text of `id_card` or `phone`. Pages call `residents.reveal`, which asks for a reason."""
        return crypto.decrypt(getattr(self, f"{field}_cipher"), self.uuid, field)

    @property
    def masked_name(self) -> str:
        return mask_name(self.name)

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
    def sex_title(self) -> str:
        return SEXES.get(self.sex, "")

    @property
    def tag_titles(self) -> list[str]:
        return [TAGS[tag] for tag in self.tags if tag in TAGS]
