"""Major hazard installations by GB 18218-2018: S, R and the grade of a unit.

S = Σ q/Q (clause 4.2): from 1 on, the unit is a major hazard. R = α Σ β q/Q (4.3): its grade. All
in exact arithmetic. The standard's q is the most that the unit is designed to hold (4.2.2), and
only that grade is the legal one; from what it holds now the same sum tells how things stand.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from sensors.chemicals.gb18218_tables import CLASSES, TABLE_1, TOXIC_GAS_BETA, HazardClass, Named

Number = int | float | Decimal | Fraction

# 4.3.2: people who live within 500 m of the boundary, from so many on -> α.
_ALPHA = ((100, Fraction(2)), (50, Fraction(3, 2)), (30, Fraction(6, 5)), (1, Fraction(1)))
_NOBODY = Fraction(1, 2)
# 4.3.3: R from so much on -> grade 1 (the gravest) to 4.
_GRADES = ((100, 1), (50, 2), (10, 3))
# No. 13 is 煤气(CO,CO和H2、CH4的混合物等）: carbon monoxide by name, printed without a CAS number.
_ALSO = {13: ("630-08-0",)}
_BRACKET = re.compile(r"[（(［\[]")


@dataclass(frozen=True, slots=True)
class Item:
    """A substance of a unit: `quantity_t` there, critical quantity Q in tonnes, factor β."""

    name: str
    quantity_t: Number
    critical_t: Number
    beta: Number

    def __post_init__(self) -> None:
        """Raises ValueError: q below 0, Q or β not above 0, or not a number."""
        for what, value, least in (("q", self.quantity_t, 0), ("Q", self.critical_t, None)):
            _check(self.name, what, value, least)
        _check(self.name, "β", self.beta, None)


@dataclass(frozen=True, slots=True)
class Hazard:
    """S and R, exact. grade: 1 (gravest) to 4; None where the unit is no major hazard."""

    s: Fraction
    r: Fraction
    alpha: Fraction
    grade: int | None

    @property
    def major(self) -> bool:
        return self.grade is not None


@dataclass(frozen=True, slots=True)
class Factors:
    """Q in tonnes and β of a substance, where they come from, and whether that is confirmed."""

    critical_t: Decimal
    beta: Decimal
    source: str
    confirmed: bool


def assess(items: Sequence[Item], people_500m: int) -> Hazard:
    """The hazard of a unit that holds `items`, with `people_500m` living within 500 m around it.

    Raises ValueError without items or with a negative number of people.
    """
    if not items:
        raise ValueError("a unit without substances has no hazard to assess; give at least one")
    alpha = alpha_of(people_500m)
    shares = [_exact(item.quantity_t) / _exact(item.critical_t) for item in items]
    s = sum(shares, Fraction(0))
    weighted = (_exact(item.beta) * share for item, share in zip(items, shares, strict=True))
    r = alpha * sum(weighted, Fraction(0))
    return Hazard(s, r, alpha, grade_of(r) if s >= 1 else None)


def alpha_of(people_500m: int) -> Fraction:
    """α of clause 4.3.2. Raises ValueError below 0."""
    if people_500m < 0:
        raise ValueError(f"people within 500 m: {people_500m}; expected 0 or more")
    return next((alpha for least, alpha in _ALPHA if people_500m >= least), _NOBODY)


def grade_of(r: Number) -> int:
    """Grade 1 to 4 of a major hazard by R, clause 4.3.3."""
    return next((grade for least, grade in _GRADES if _exact(r) >= least), 4)


def factors_of(name: str, symbol: str | None, registered: bool = False) -> Factors | None:
    """Q and β: Q by name in table 1, else by class in table 2; β in table 3, else in table 4.

    name: CAS number, name or alias of table 1. symbol: a class such as W5.3; registered: it is the
    plant's own word, else our classification, which is unconfirmed. None where neither says how the
    substance counts. Raises KeyError for a symbol that the standard does not have.
    """
    row = CLASSES[symbol] if symbol else None
    named = in_table_1(name)
    toxic = next((TOXIC_GAS_BETA[c] for c in _cas(name, named) if c in TOXIC_GAS_BETA), None)
    critical_t = named.critical_t if named else row.critical_t if row else None
    beta = toxic if toxic is not None else row.beta if row else None
    if critical_t is None or beta is None:
        return None
    classified = named is not None and toxic is not None
    return Factors(critical_t, beta, _source(named, toxic, row), classified or registered)


def in_table_1(name: str) -> Named | None:
    """The row of table 1 with this CAS number, name or alias; the first one where several have it.

    What stands in brackets of a printed name need not be written: 汽油 finds 汽油（乙醇汽油、…）.
    """
    wanted = name.strip()
    return next((row for row in TABLE_1 if wanted in _names(row)), None)


def _names(row: Named) -> set[str]:
    plain = _BRACKET.split(row.zh)[0]
    return {row.zh, plain, *plain.split("，"), *row.aliases, *row.cas, *_ALSO.get(row.number, ())}


def _cas(name: str, named: Named | None) -> tuple[str, ...]:
    return (name, *(named.cas if named else ()))


def _source(named: Named | None, toxic: Decimal | None, row: HazardClass | None) -> str:
    symbol = row.symbol if row else ""
    critical = f"table 1 no. {named.number}" if named else f"table 2 {symbol}"
    return f"GB 18218-2018 {critical}, {'table 3' if toxic is not None else f'table 4 {symbol}'}"


def _exact(value: Number) -> Fraction:
    """A float counts as the shortest decimal that means it: what a person or a sensor wrote."""
    return Fraction(str(value)) if isinstance(value, float) else Fraction(value)


def _check(name: str, what: str, value: Number, least: int | None) -> None:
    """NaN compares false with everything, and so is refused too."""
    if least is None and not value > 0:
        raise ValueError(f"{name}: {what} is {value}; expected more than 0")
    if least is not None and not value >= least:
        raise ValueError(f"{name}: {what} is {value}; expected {least} or more")
    if value == float("inf"):
        raise ValueError(f"{name}: {what} is infinite")
