"""Tables on a terminal whose Chinese characters are two columns wide."""

import unicodedata

import click


def width(text: str) -> int:
    """Return how many columns `text` takes on a terminal."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def print_table(head: tuple[str, ...], rows: list[tuple]) -> None:
    """Print `rows` below `head`, each column as wide as its widest cell."""
    lines = [tuple(map(str, row)) for row in [head, *rows]]
    widths = [max(width(line[column]) for line in lines) for column in range(len(head))]
    for number, line in enumerate(lines):
        cells = (cell + " " * (widths[column] - width(cell)) for column, cell in enumerate(line))
        click.secho("  ".join(cells).rstrip(), bold=number == 0)
