"""Lighthouse on the real service: accessibility is a demand, performance a measurement."""

from urllib.parse import urlsplit

import pytest

from tests.public.conftest import ARTEFACTS, Service
from tests.servers.lighthouse import judge

PAGES = {
    "page-zh": "/?lang=zh",
    "page-en": "/?lang=en",
    "place-zh": "/?lang=zh&place=xiapu",
    "large-zh": "/?lang=zh&size=large",
}


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("name", "desktop"), [*((name, False) for name in PAGES), ("page-zh", True), ("large-zh", True)]
)
def test_every_audit_of_accessibility_is_passed(
    common: Service, name: str, *, desktop: bool
) -> None:
    form = "desktop" if desktop else "phone"
    report = ARTEFACTS / "lighthouse" / f"{name}-{form}.json"
    found = judge(common.url + PAGES[name], report, desktop=desktop)
    assert found.scores["accessibility"] == 100, found.failed["accessibility"]
    assert found.scores["best-practices"] == 100, found.failed["best-practices"]
    assert {urlsplit(url).hostname for url in found.asked if "://" in url} == {"127.0.0.1"}
