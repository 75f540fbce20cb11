"""How much of a person shows where nobody asked for more (DOMAIN 9.5)."""

#: Family names of two characters, so that 欧阳 is not cut in half.
DOUBLE = frozenset((
    "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 "
    "申屠 公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 令狐 百里 呼延 东郭 南门 西门"
).split())


def mask_name(name: str) -> str:
    """Return 张*国 for 张建国, 张* for 张三, 欧阳* for 欧阳修, 阿**·买** for 阿依木·买买提.

    Signs that only choose a shape for the character before them are no characters of their own.
    """
    name = "".join(sign for sign in name if not (0xE0100 <= ord(sign) <= 0xE01EF or 0xFE00 <= ord(sign) <= 0xFE0F))
    if "·" in name:
        masked = "·".join(part[:1] + "*" * (len(part) - 1) for part in name.split("·"))
        return masked if masked != name else masked[0] + "·*"
    if len(name) <= 1:
        return "*" * len(name)
    if name[:2] in DOUBLE and len(name) > 2:
        return name[:2] + "*" * (len(name) - 2)
    if len(name) == 2:
        return name[0] + "*"
    return name[0] + "*" * (len(name) - 2) + name[-1]


def mask_phone(phone: str) -> str:
    """Return 138****1234 for a mobile number; of a landline the last four digits show."""
    if len(phone) == 11 and phone.isdigit() and phone.startswith("1"):
        return f"{phone[:3]}****{phone[-4:]}"
    return "****" + phone[-4:] if len(phone) > 6 else "****" if phone else ""


def mask_id(number: str) -> str:
    """Return the first six and the last four characters of an 18-digit number, the birth date hidden."""
    return f"{number[:6]}********{number[-4:]}" if len(number) == 18 else "*" * len(number)
