"""One statement asked: by place, by name; how many rows it touched; the server's own time."""

import pytest
from psycopg2 import ProgrammingError

from database import query

ADD = "insert into department values (%(code)s, %(zh)s, 'A'), ('b', '乙', 'B')"


def test_values_are_given_by_place_or_by_name(owner):
    assert query.rows(owner, "select %s, %s", (1, "a")) == [(1, "a")]
    assert query.rows(owner, "select %(one)s", {"one": 1}) == [(1,)]
    assert query.rows(owner, "select %(one)s", one=1) == [(1,)]
    assert query.rows(owner, "select 'a%'") == [("a%",)]


def test_what_answers_with_nothing_says_how_many_rows_it_touched(owner):
    assert query.run(owner, ADD, code="a", zh="甲") == 2
    with pytest.raises(ProgrammingError, match="no results"):
        query.rows(owner, "set local lock_timeout = 0")
    owner.rollback()


def test_the_server_s_time_goes_on_within_a_transaction(owner):
    ((began,),) = query.rows(owner, "select now()")
    query.run(owner, "select pg_sleep(0.001)")
    assert query.now(owner) > began
