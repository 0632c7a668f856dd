"""The `demo` section of config.yaml: how fast recordings run and what the simulator stages."""

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LeakSettings(Section):
    """Ammonia at a plant's fence, again and again."""

    plant: str = Field(default="P-07", description="The plant that leaks.")
    first_s: float = Field(
        default=10, ge=0, description="Seconds from the start to the first leak."
    )
    every_s: float = Field(default=600, ge=300, description="Seconds from leak to leak.")
    peak_ppm: float = Field(default=190, gt=0, description="Ammonia at the worst detector, ppm.")


class FloodSettings(Section):
    """A reservoir that rises over its flood limit and is drawn down again."""

    base_m: float = Field(default=23.20, description="Level before and after, m.")
    peak_m: float = Field(default=23.90, description="Level at the crest, m.")
    first_s: float = Field(default=60, ge=0, description="Seconds from the start to the rise.")
    every_s: float = Field(default=2400, ge=900, description="Seconds from flood to flood.")


class SilentSettings(Section):
    """What stops sending for a while: single stations, and a gateway that loses its power."""

    stations: tuple[str, ...] = Field(default=("A-10",), description="Stations that go silent.")
    device: str = Field(default="GW-07", description="Gateway whose connection breaks off.")
    first_s: float = Field(default=240, ge=0, description="Seconds from the start to the silence.")
    for_s: float = Field(default=300, ge=30, description="Seconds that it lasts.")
    every_s: float = Field(default=1500, ge=60, description="Seconds from silence to silence.")


class DemoSettings(Section):
    speed: float = Field(
        default=1.0,
        ge=0.5,
        le=20,
        description="1: a recorded row every interval_s of its station; 2: twice as often.",
    )
    history_h: float = Field(
        default=2.0,
        ge=0,
        le=24,
        description="Hours before the first start that the loggers deliver as their backlog.",
    )
    seed: int = Field(default=20261122, description="Seed of the simulator's noise.")
    leak: LeakSettings = Field(default=LeakSettings(), description="The simulated leak.")
    flood: FloodSettings = Field(default=FloodSettings(), description="The simulated flood.")
    silent: SilentSettings = Field(default=SilentSettings(), description="The simulated failures.")
