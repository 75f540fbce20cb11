from portal.kit import current_user


def offer_places(field) -> None:
    """Offer the places of the area; in a village its grids go by their own names, in a grid there is only itself."""
    own = current_user.post.unit if current_user.post else None
    if own is None or own.level not in ("village", "grid"):
        field.offer()
        return
    field.offer(named=lambda pairs: [
        (key, name.split(" / ")[-1]) for key, name in pairs if own.level == "village" or key == str(own.id)
    ])
    if own.level == "grid" and not field.data:
        field.data = str(own.id)
