from flask import current_app


def shades() -> dict[str, int]:
    """Return from which percent of the period a light turns 麦 and 朱."""
    settings = current_app.config["PORTAL"]
    return {"yellow": settings["yellow_percent"], "red": settings["red_percent"]}
