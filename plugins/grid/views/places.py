from portal.kit import current_user


def offer_places(field) -> None:
    """Offer the places of the area; in a village its grids go by their own names, in a grid there is only itself."""
    field.offer()
    own = current_user.post.unit if current_user.post else None
    if own is None or own.level not in ("village", "grid"):
        return
    field.choices = [
        (choice.value, choice.label.split(" / ")[-1]) for choice in field.choices
        if own.level == "village" or choice.value in ("", str(own.id))
    ]
    if own.level == "grid" and not field.data:
        field.data = str(own.id)
