"""The blueprint: its own file, so that each subject's pages can stand beside it."""

from portal.kit import Blueprint

blueprint = Blueprint("market_days", __name__, template_folder="templates")
