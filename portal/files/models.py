from peewee import BigAutoField, BigIntegerField, CharField, DateTimeField, IntegerField

from portal.db import Model, now


class Attachment(Model):
    """A file that belongs to a row of another room ("case", 12). Its bytes lie outside the web root, by their hash."""

    id = BigAutoField()
    county_id = IntegerField()
    owner_type = CharField(max_length=20)
    owner_id = BigIntegerField()
    name = CharField(max_length=150)
    sha256 = CharField(max_length=64, index=True)
    size = IntegerField()
    mime = CharField(max_length=100)
    by_id = IntegerField(null=True)
    by_name = CharField(max_length=60, default="")
    at = DateTimeField(default=now)
    removed_at = DateTimeField(null=True)
    removed_by = IntegerField(null=True)

    class Meta:
        table_name = "files_attachment"
        indexes = ((("owner_type", "owner_id"), False),)

    @property
    def size_text(self) -> str:
        return f"{self.size / 2**20:.1f} MB" if self.size >= 2**20 else f"{max(self.size // 1024, 1)} KB"

    @property
    def is_image(self) -> bool:
        return self.mime.startswith("image/")
