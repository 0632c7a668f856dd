"""A simulated release of ammonia, end to end: from the device's message to footprint and advice."""

from playwright.sync_api import expect

from tests.servers.mosquitto import Mosquitto
from tests.servers.waiting import until
from tests.staff.conftest import MAP_READY, wait
from tests.staff.release import leaky_site


def test_the_first_sensor_over_its_limit_shows_footprint_exposure_and_advice(
    browser, tmp_path, database
):
    """Before the alert's delay is over, on a busy machine too; the alert keeps the footprint."""
    tmp_path.chmod(0o755)
    broker = Mosquitto(tmp_path / "mosquitto").start()
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(60_000)
    try:
        with leaky_site(tmp_path, broker, database, delay_s=30) as site:
            site.calm()
            site.sign_in(context)
            page = context.new_page()
            page.goto(site.url)
            wait(page, MAP_READY)
            expect(page.locator("#plume-card")).to_be_hidden()
            site.leak()
            expect(page.locator("#plume-card")).to_be_visible()
            expect(page.locator("#plume-headline")).to_contain_text("橙色区（AEGL-2）")
            expect(page.locator("#plume-headline")).to_contain_text("人")
            expect(page.locator("#plume-advice li").first).not_to_be_empty()
            expect(page.locator("#plume-rests")).to_contain_text("3.2 m/s")
            assert site.rows("select count(*) from alert") == [(0,)], "its delay is not over"

            def alerted():
                site.leak(190.0)
                return site.rows("select 1 from alert where state = 'active'")

            until(alerted, "the alert", seconds=120, every=4)
            expect(page.locator("#plume-card")).to_be_visible()
            kept = "select count(*) > 0 from footprint where document ->> 'shape' = 'plume'"
            assert site.rows(kept) == [(True,)]
    finally:
        context.close()
        broker.stop()
