from portal.kit import Blueprint

blueprint = Blueprint("grid", "plugins.grid", template_folder="templates")
