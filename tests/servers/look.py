"""One loaded page in every theme and size: a picture of each, and what is wrong with it."""

from collections.abc import Callable, Sequence
from pathlib import Path

from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "artefacts" / "every_page"
AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
SIZES = {"phone": (360, 780), "tablet": (820, 1180), "desktop": (1440, 900), "4k": (3840, 2160)}
THEMES, LANGUAGES = ("dark", "light"), ("zh", "en")
# axe-core takes longest: it sees each theme, each language, phone, tablet and desktop once, and
# every page of the staff once more at 320 px in tests/staff/test_accessibility.py.
LOOKED_AT = {("zh", "dark", "desktop"), ("en", "light", "phone"), ("en", "dark", "tablet")}
# Not in every language and theme: 4K is drawn in software, the tablet lies between the others.
SEEN_IN = {"4k": {("zh", "dark"), ("en", "light")}, "tablet": {("en", "dark"), ("en", "light")}}
VIOLATIONS = """async () => (await axe.run({runOnly: [
  'wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice']})).violations
  .map(v => [v.id, ...v.nodes.map(n => n.html.slice(0, 160) + n.failureSummary)])"""
WIDE = "document.documentElement.scrollWidth - innerWidth"
# What nobody may miss, and its box does not hold.
CUT = """() => [...document.querySelectorAll(
  '.row-number, .row-since, .row-limit, .cell-value, .cell-span, .value-figure, #drawer-facts')]
  .filter(n => n.checkVisibility() && (n.clientWidth && n.scrollWidth > n.clientWidth + 1 ||
    n.getBoundingClientRect().right > n.parentElement.getBoundingClientRect().right + 1))
  .map(n => `${n.tagName} .${n.className} #${n.id} ${n.textContent.slice(0, 60)}`)"""
# Chinese smaller than 12 px (LOOK.md), but for what is drawn: shapes, charts, maps.
TINY = r"""least => { const found = new Set(), walk = document.createTreeWalker(
    document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const on = node.parentElement;
    if (!/[\u3400-\u9fff]/.test(node.textContent) || !on.checkVisibility() ||
        !on.getBoundingClientRect().width ||
        on.closest('script, style, svg, .js-plotly-plot, .spoken, .skip, .maplibregl-map')
        ) continue;
    if (parseFloat(getComputedStyle(on).fontSize) < least)
      found.add(`${on.tagName}.${on.className} ${node.textContent.trim().slice(0, 30)}`);
  } return [...found]; }"""
# A map in software on 4K takes longer than all the rest: it is drawn at half its fineness there.
COARSE_MAP = """Object.defineProperty(window, 'devicePixelRatio',
  {get: () => innerWidth > 2560 ? 0.5 : 1, configurable: true});"""
LEAST_PX = 11.9
# Fonts there, nothing in motion, and of a map its last symbol faded in (a stream may keep it busy).
STILL = """() => Promise.all([document.fonts.ready,
  window.dongtai?.map && Promise.race([new Promise(r => setTimeout(r, 5000)), new Promise(r => {
    dongtai.map.once('idle', r); dongtai.map.triggerRepaint(); })]),
  ...document.getAnimations().filter(a => a.effect.getComputedTiming().iterations < 99)
    .map(a => a.finished.catch(() => 0))])
  .then(() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r))))"""


def look_at(
    page: Page,
    name: str,
    lang: str,
    ready: Callable[[Page], object],
    themes: Sequence[str] = THEMES,
    sizes: Sequence[str] = tuple(SIZES),
    more: Callable[[Page], list[object]] = lambda _page: [],
) -> list[object]:
    """Pictures of `page` as it stands, and every fault found, each with where it was found.

    more: what else is asked of it, at each size.
    """
    faults: list[object] = []
    PICTURES.mkdir(parents=True, exist_ok=True)
    for theme in themes:
        page.emulate_media(color_scheme=theme)
        for size in sizes:
            if (lang, theme) not in SEEN_IN.get(size, {(lang, theme)}):
                continue
            width, height = SIZES[size]
            page.set_viewport_size({"width": width, "height": height})
            ready(page)
            page.evaluate(STILL)
            # JPEG: of 4K a tenth of the time and of the space of PNG.
            where = PICTURES / f"{name}-{theme}-{lang}-{size}.jpg"
            tall = page.evaluate("document.documentElement.scrollHeight > innerHeight")
            page.screenshot(path=where, type="jpeg", quality=82, full_page=tall)
            found = [*_wrong(page), *more(page)]
            tools = (lang, theme, size) in LOOKED_AT or (len(themes) == 1 and size != "4k")
            found += violations(page) if tools else []
            faults += [(name, theme, lang, size, each) for each in found]
    return faults


def violations(page: Page) -> list[object]:
    """What axe-core finds by WCAG 2.2 A and AA and by good practice: rule, places."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    return list(page.evaluate(VIOLATIONS))


def _wrong(page: Page) -> list[object]:
    wide = page.evaluate(WIDE)
    return [
        *([("wider than the screen by", wide)] if wide > 0 else []),
        *(("cut", each) for each in page.evaluate(CUT)),
        *(("tiny", each) for each in page.evaluate(TINY, LEAST_PX)),
    ]
