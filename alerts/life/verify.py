"""python -m alerts verify: whether the journal is as it was sealed, and if not, where and what."""

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from alerts.life.canon import START, canonical, chained
from alerts.life.seal import ENDING, RULE, SUPPRESSION, TRANSITION
from alerts.times import BEIJING
from database import query
from database.pool import Connection

_SEALS = """
select s.position, s.hash, s.transition_id, s.rule_id, s.rule_version, s.suppression_id, s.ending,
       {transition}, {rule}, {suppression}, {ending}
  from journal_seal s
  left join alert_transition t on t.id = s.transition_id
  left join alert a on a.id = t.alert_id
  left join rule_version v on v.rule_id = s.rule_id and v.version = s.rule_version
  left join rule r on r.id = v.rule_id
  left join suppression u on u.id = s.suppression_id
 where s.position >= %(first)s and (%(last)s::bigint is null or s.position <= %(last)s)
 order by s.position
"""
SEALS = _SEALS.format(transition=TRANSITION, rule=RULE, suppression=SUPPRESSION, ending=ENDING)
BEFORE = "select hash from journal_seal where position = %s"
WRITTEN_DOWN = "select position from journal_seal where hash = %s"
AT = """
select min(s.position), max(s.position) from journal_seal s
  join alert_transition t on t.id = s.transition_id
 where (%(since)s::timestamptz is null or t.recorded_at >= %(since)s)
   and (%(until)s::timestamptz is null or t.recorded_at < %(until)s)
"""
# The leading process seals within a second or two; what is older and has no seal is a finding.
UNSEALED = """
select 'transitions', count(*), min(t.id)::text, min(t.recorded_at) from alert_transition t
  left join journal_seal s on s.transition_id = t.id
 where s.position is null and t.recorded_at < clock_timestamp() - interval '1 minute'
 union all
select 'versions of rules', count(*), min(r.code), min(v.created_at) from rule_version v
  join rule r on r.id = v.rule_id
  left join journal_seal s on s.rule_id = v.rule_id and s.rule_version = v.version
 where s.position is null and v.created_at < clock_timestamp() - interval '1 minute'
 union all
select 'suppressions', count(*), min(u.id)::text, min(u.began_at) from suppression u
  left join journal_seal s on s.suppression_id = u.id and not s.ending
 where s.position is null and u.began_at < clock_timestamp() - interval '1 minute'
 union all
select 'ends of suppressions', count(*), min(u.id)::text, min(u.ended_at) from suppression u
  left join journal_seal s on s.suppression_id = u.id and s.ending
 where s.position is null and u.ended_at < clock_timestamp() - interval '1 minute'
"""
_EXAMPLE = "2026-11-22, which begins at midnight in Beijing, or 2026-11-22T08:00:00+08:00"
# What says that it is much older than what was sealed before it. Sealing that was down for hours
# seals in the order in which it was written, so this is a row that was added later, or a clock.
BACKDATED = """
select position, transition_id, recorded_at, newest
  from (select s.position, s.transition_id, t.recorded_at,
               max(t.recorded_at) over (order by s.position
                                        rows between unbounded preceding and 1 preceding) as newest
          from journal_seal s join alert_transition t on t.id = s.transition_id) o
 where recorded_at < newest - interval '1 hour'
 order by position limit 20
"""
# Where each kind's columns stand in a row of SEALS.
_WIDTHS = {"transition": 15, "rule": 8, "suppression": 11, "ending": 4}


@dataclass(frozen=True, slots=True)
class Seal:
    """name: of what it seals, for people; entry: its canonical text, None where it is gone."""

    position: int
    hash: bytes
    name: str
    entry: bytes | None


@dataclass(frozen=True, slots=True)
class Found:
    """count: seals that were looked at; head: the last hash; trouble: the first break, if any."""

    count: int
    position: int
    head: bytes
    trouble: str | None = None


def verify(conn: Connection, first: int = 1, last: int | None = None) -> Found:
    """Walk the chain from `first` to `last`, both included; the seal before `first` is believed."""
    return walk(_seals(conn, first, last), first, _hash_at(conn, first - 1))


def walk(seals: Iterable[Seal], first: int, before: bytes) -> Found:
    """The chain itself. Pure. A break is named by what follows it: see `_broken`."""
    count, expected = 0, first
    suspect: tuple[Seal, bytes] | None = None
    for seal in seals:
        if suspect:
            return Found(count, suspect[0].position, before, _broken(*suspect, seal))
        if seal.position != expected:
            what = _span(expected, seal.position - 1)
            return Found(count, expected, before, f"{what}: seal missing")
        if seal.entry is None:
            what = f"position {seal.position}: row missing: {seal.name} is gone"
            return Found(count, seal.position, before, what)
        right = chained(before, seal.entry)
        if right != seal.hash:
            suspect = (seal, right)
        before, count, expected = seal.hash, count + 1, expected + 1
    if suspect:
        return Found(count, suspect[0].position, before, _broken(*suspect, None))
    return Found(count, expected - 1, before)


def _broken(seal: Seal, right: bytes, after: Seal | None) -> str:
    """The row was changed if what follows was built on the seal as it is; else the seal was."""
    where = f"position {seal.position}"
    if after is None or after.entry is None:
        return f"{where}: row changed, or its seal: {seal.name}"
    if chained(seal.hash, after.entry) == after.hash:
        return f"{where}: row changed: {seal.name} is not what was sealed"
    if chained(right, after.entry) == after.hash:
        return f"{where}: seal changed: that of {seal.name}"
    return f"{where}: chain cut: {seal.name} does not follow from what stands before it"


def _span(first: int, last: int) -> str:
    return f"position {first}" if first == last else f"positions {first} to {last}"


def _seals(conn: Connection, first: int, last: int | None) -> Iterator[Seal]:
    with conn.cursor("verify") as cursor:
        cursor.itersize = 5000
        cursor.execute(SEALS, {"first": first, "last": last})
        for row in cursor:
            yield _seal(row)


def _seal(row: tuple[Any, ...]) -> Seal:
    position, digest, transition, rule, version, suppression, ending = row[:7]
    if transition is not None:
        kind, name = "transition", f"transition {transition}"
    elif rule is not None:
        kind, name = "rule", f"version {version} of rule {rule}"
    else:
        kind = "ending" if ending else "suppression"
        name = f"the end of suppression {suppression}" if ending else f"suppression {suppression}"
    start = 7
    for each, width in _WIDTHS.items():
        if each == kind:
            break
        start += width
    columns = row[start : start + _WIDTHS[kind]]
    entry = None if columns[0] is None else canonical(kind, columns)
    return Seal(position, bytes(digest), name, entry)


def _hash_at(conn: Connection, position: int) -> bytes:
    if position <= 0:
        return START
    rows = query.rows(conn, BEFORE, (position,))
    return bytes(rows[0][0]) if rows else START


# ---- the command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    what = f"a position, or a time such as {_EXAMPLE}"
    parser.add_argument("--from", dest="since", metavar="WHERE", help=f"begin there: {what}")
    parser.add_argument("--to", dest="until", metavar="WHERE", help=f"end there: {what}")
    parser.add_argument("--head", help="a hash that was written down: it must be in the chain")


def run(conn: Connection, since: str | None, until: str | None, head: str | None) -> int:
    """Print what was found; 0 if the journal is as it was sealed, else 1. Raises ValueError."""
    digest = _digest(head)
    found = _asked(conn, since, until)
    troubles = [found.trouble] if found.trouble else []
    if digest is not None:
        troubles += _not_in_the_chain(conn, digest)
    if not troubles and until is None:
        troubles += _without_seal(conn)
    for trouble in troubles:
        print(trouble)
    for note in _backdated(conn):
        print(note)
    if not troubles:
        print(f"{found.count} entries are as they were sealed")
        print(f"head {found.position} {found.head.hex()}")
    return 1 if troubles else 0


def _asked(conn: Connection, since: str | None, until: str | None) -> Found:
    first, last = _place(conn, since, first=True), _place(conn, until, first=False)
    if first is not None and last is not None and last < first:
        raise ValueError(f"the end ({until}) comes before the begin ({since})")
    return _long_enough(verify(conn, first or 1, last), last or first or 0)


def _long_enough(found: Found, asked: int) -> Found:
    """A chain that ends before a place that somebody knows of has been cut off."""
    if found.trouble or found.position >= asked:
        return found
    cut = f"{_span(found.position + 1, asked)}: seal missing, the chain ends before it"
    return replace(found, trouble=cut)


def _place(conn: Connection, said: str | None, *, first: bool) -> int | None:
    if said is None:
        return None
    if said.isdecimal():
        return int(said)
    try:
        at = datetime.fromisoformat(said)
    except ValueError as error:
        problem = f"{said!r} is neither a position nor a time; expected {_EXAMPLE}"
        raise ValueError(problem) from error
    at = at if at.tzinfo else at.replace(tzinfo=BEIJING)
    asked = {"since": at if first else None, "until": None if first else at}
    found: int | None = query.rows(conn, AT, asked)[0][0 if first else 1]
    if found is None:
        raise ValueError(f"nothing was sealed {'since' if first else 'before'} {said}")
    return found


def _digest(head: str | None) -> bytes | None:
    if head is None:
        return None
    try:
        digest = bytes.fromhex(head)
    except ValueError:
        digest = b""
    if len(digest) != 32:
        raise ValueError(f"{head!r} is not a head: 64 hexadecimal digits, as `verify` prints them")
    return digest


def _not_in_the_chain(conn: Connection, digest: bytes) -> list[str]:
    if query.rows(conn, WRITTEN_DOWN, (digest,)):
        return []
    return [f"chain cut, or written anew: the head {digest.hex()} is nowhere in it"]


def _backdated(conn: Connection) -> list[str]:
    return [
        f"look at position {position}: transition {number} says {at.astimezone(BEIJING):%F %T} and "
        f"was sealed after one of {newest.astimezone(BEIJING):%F %T} (Beijing): it was added later,"
        " or a clock was set back"
        for position, number, at, newest in query.rows(conn, BACKDATED)
    ]


def _without_seal(conn: Connection) -> list[str]:
    return [
        f"seal missing: {count} {what} have none, the first is {name} of "
        f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC; the leading `alerts` process seals: is it up?"
        for what, count, name, at in query.rows(conn, UNSEALED)
        if count
    ]
