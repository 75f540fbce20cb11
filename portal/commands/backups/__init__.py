"""`portal backup` and `portal restore`: a county's instance in one folder, proved by restoring it."""

from portal.commands.backups.restoring import restore
from portal.commands.backups.taking import backup

__all__ = ["backup", "restore"]
