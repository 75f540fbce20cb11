"""The matters of the village rules are never merged: each has its own meeting, posting or household."""


def apart(case, other) -> str:
    return "村规民约和整改各有自己的程序，不能并案。"
