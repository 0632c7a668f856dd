"""The map's colours in two themes: `theme.*.map` of dashboard/assets/tokens.json."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    sea: str
    shore: str
    land: str
    coast: str
    water: str
    waterline: str
    label: str
    sealabel: str
    grid: str


PALETTES = {
    "dark": Palette(
        sea="#0D1317",
        shore="#141C21",
        land="#22292C",
        coast="#566369",
        water="#12252E",
        waterline="#456474",
        label="#A3ADB1",
        sealabel="#6F8895",
        grid="#1B2327",
    ),
    "light": Palette(
        sea="#DDE5E9",
        shore="#D2DDE2",
        land="#F8F8F5",
        coast="#74838B",
        water="#CCDBE3",
        waterline="#86A3B3",
        label="#4A5357",
        sealabel="#48636F",
        grid="#D3DCE0",
    ),
}
