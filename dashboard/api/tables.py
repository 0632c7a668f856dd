"""Tables as CSV files that Excel opens: UTF-8 with BOM, titles in the reader's language."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from fastapi import Query
from starlette.responses import Response

from dashboard.api.common import Use
from dashboard.api.stations import harmless
from dashboard.door import accounts_store
from dashboard.text import text

Lang = Annotated[Literal["zh", "en"], Query(description="of the titles and words of a CSV file")]
Format = Annotated[Literal["json", "csv"], Query(alias="format")]
_BOM = "\ufeff"


def csv_answer(
    name: str, lang: str, titles: Sequence[str], rows: Iterable[Sequence[Any]], notes: Sequence[str]
) -> Response:
    """titles: msgids. notes: lines under the table, each in a cell of its own: where it is from."""
    t = text(lang)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([t(title) for title in titles])
    writer.writerows([_cell(value) for value in row] for row in rows)
    if notes:
        writer.writerow([])
        writer.writerows([[harmless(note)] for note in notes])
    return Response(
        (_BOM + out.getvalue()).encode("utf-8"),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def department_names(use: Use, lang: str) -> dict[str, str]:
    """By code, in the reader's language."""
    with use.pool.transaction() as conn:
        found = accounts_store.departments(conn)
    return {code: zh if lang == "zh" else en for code, zh, en in found}


def _cell(value: Any) -> Any:
    """What is unknown is an empty cell; no text is taken for a formula."""
    return harmless(value) if isinstance(value, str) else value
