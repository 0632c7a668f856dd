"""The four grades, from the least to the gravest, as Chinese warnings have them."""

from typing import Literal

Grade = Literal["blue", "yellow", "orange", "red"]
GRADES: tuple[Grade, ...] = ("blue", "yellow", "orange", "red")
RANK: dict[str, int] = {grade: rank for rank, grade in enumerate(GRADES)}


def graver(one: Grade, other: Grade) -> Grade:
    return one if RANK[one] >= RANK[other] else other
