"""The sample district loads, so that what is developed on it stands on the real schema."""

from datetime import UTC, datetime

from tests import sample


def test_the_sample_district_fits_the_schema(owner):
    sample.fill(owner, datetime.now(UTC))
    sample.observe(owner, "R-02", "level_m", 23.9, datetime.now(UTC))
    with owner.cursor() as cursor:
        cursor.execute(
            "select (select count(*) from reading), (select count(*) from picture),"
            "(select count(distinct grade) from alert)"
        )
        readings, pictures, grades = cursor.fetchone()
    assert readings > 10_000
    assert (pictures, grades) == (6, 4)
