"""Times and lengths of time as sentences (Chinese, English) and documents have them. Pure."""

from datetime import UTC, datetime, timedelta, timezone

# Wall-clock times in sentences are Beijing time: messages leave the house without a time zone.
BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")

_UNITS = (
    ("天", "day", 86400),
    ("小时", "hour", 3600),
    ("分钟", "minute", 60),
    ("秒", "second", 1),
)

Pair = tuple[str, str]


def rfc3339(moment: datetime | None) -> str | None:
    """UTC with a Z, or None."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def duration(seconds: float) -> Pair:
    """`5 分钟`, `5 minutes`: the two largest units, rounded down; under a second is 0 s."""
    whole = max(0, int(seconds))
    zh: list[str] = []
    en: list[str] = []
    for zh_unit, en_unit, size in _UNITS:
        count, whole = divmod(whole, size)
        if count and len(zh) < 2:
            zh.append(f"{count} {zh_unit}")
            en.append(f"{count} {en_unit}{'s' if count > 1 else ''}")
    return (" ".join(zh) or "0 秒", " ".join(en) or "0 seconds")


def clock(moment: str) -> str:
    """`11-22 20:37`, Beijing time, from RFC 3339 text."""
    return datetime.fromisoformat(moment).astimezone(BEIJING).strftime("%m-%d %H:%M")


def span(seconds: float) -> Pair:
    """`1 小时`, `1 h`: of a mean or a window, in its largest whole unit."""
    for zh, en, size in (("天", "d", 86400), ("小时", "h", 3600), ("分钟", "min", 60)):
        if seconds % size == 0 and seconds // size > (size == 86400):  # a day is 24 h
            return f"{int(seconds // size)} {zh}", f"{int(seconds // size)} {en}"
    return f"{seconds:g} 秒", f"{seconds:g} s"
