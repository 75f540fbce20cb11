"""All pages of the platform: what is imported here is mounted."""

from plugins.village_rules import board_views, charter_views, council_views, figures, meeting_views
from plugins.village_rules.blueprint import blueprint

__all__ = ["blueprint", "board_views", "charter_views", "council_views", "figures", "meeting_views"]
