"""Coefficients of dispersion: Briggs rural and urban, Pasquill-Gifford as in ISC, wind profile.

Briggs: Fundamentals of Air Pollution, 3rd edition, p. 305, tables 19-6 and 19-7 (after Gifford).
A public program has 0.0003 for the urban E-F sigma_z; the printed table says 0.0015, as here.
ISC sigma_z: table 19-5 of the same book for A to D and the start of E; the rest, the sigma_y and
the exponents of the wind profile from one public implementation only.
"""

from typing import Literal

Roughness = Literal["rural", "urban"]
CLASSES = ("A", "B", "C", "D", "E", "F")

# sigma = a x (1 + b x)^c, x in metres: class -> (a, b, c) of sigma_y, of sigma_z.
Coefficients = tuple[float, float, float]
BRIGGS: dict[Roughness, dict[str, tuple[Coefficients, Coefficients]]] = {
    "rural": {
        "A": ((0.22, 0.0001, -0.5), (0.2, 0.0, 1.0)),
        "B": ((0.16, 0.0001, -0.5), (0.12, 0.0, 1.0)),
        "C": ((0.11, 0.0001, -0.5), (0.08, 0.0002, -0.5)),
        "D": ((0.08, 0.0001, -0.5), (0.06, 0.0015, -0.5)),
        "E": ((0.06, 0.0001, -0.5), (0.03, 0.0003, -1.0)),
        "F": ((0.04, 0.0001, -0.5), (0.016, 0.0003, -1.0)),
    },
    "urban": {
        "A": ((0.32, 0.0004, -0.5), (0.24, 0.001, 0.5)),
        "B": ((0.32, 0.0004, -0.5), (0.24, 0.001, 0.5)),
        "C": ((0.22, 0.0004, -0.5), (0.2, 0.0, 1.0)),
        "D": ((0.16, 0.0004, -0.5), (0.14, 0.0003, -0.5)),
        "E": ((0.11, 0.0004, -0.5), (0.08, 0.0015, -0.5)),
        "F": ((0.11, 0.0004, -0.5), (0.08, 0.0015, -0.5)),
    },
}

# sigma_y = 465.11628 x tan(0.017453293 (c - d ln x)), x in km: class -> (c, d).
ISC_Y = {
    "A": (24.167, 2.5334),
    "B": (18.333, 1.8096),
    "C": (12.5, 1.0857),
    "D": (8.333, 0.72382),
    "E": (6.25, 0.54287),
    "F": (4.1667, 0.36191),
}
# sigma_z = a x^b, x in km: class -> (up to km, a, b); A to C end at 5000 m.
INF = float("inf")
ISC_Z: dict[str, tuple[tuple[float, float, float], ...]] = {
    "A": (
        (0.1, 122.8, 0.9447),
        (0.15, 158.08, 1.0542),
        (0.2, 170.22, 1.0932),
        (0.25, 179.52, 1.1262),
        (0.3, 217.41, 1.2644),
        (0.4, 258.89, 1.4094),
        (0.5, 346.75, 1.7283),
        (INF, 453.85, 2.1166),
    ),
    "B": ((0.2, 90.673, 0.93198), (0.4, 98.483, 0.98332), (INF, 109.3, 1.0971)),
    "C": ((INF, 61.141, 0.91465),),
    "D": (
        (0.3, 34.459, 0.86974),
        (1, 32.093, 0.81066),
        (3, 32.093, 0.64403),
        (10, 33.504, 0.60486),
        (30, 36.65, 0.56589),
        (INF, 44.053, 0.51179),
    ),
    "E": (
        (0.1, 24.26, 0.8366),
        (0.3, 23.331, 0.81956),
        (1, 21.628, 0.7566),
        (2, 21.628, 0.63077),
        (4, 22.534, 0.57154),
        (10, 24.703, 0.50527),
        (20, 26.97, 0.46713),
        (40, 35.42, 0.37615),
        (INF, 47.618, 0.29592),
    ),
    "F": (
        (0.2, 15.209, 0.81558),
        (0.7, 14.457, 0.78407),
        (1, 13.953, 0.68465),
        (2, 13.953, 0.63227),
        (3, 14.823, 0.54503),
        (7, 16.187, 0.4649),
        (15, 17.836, 0.41507),
        (30, 22.651, 0.32681),
        (60, 27.074, 0.27436),
        (INF, 34.219, 0.21716),
    ),
}
ISC_CEILING_M = 5000.0

# u(z) = u_ref (z / z_ref)^p.
WIND_EXPONENT: dict[Roughness, dict[str, float]] = {
    "urban": {"A": 0.15, "B": 0.15, "C": 0.2, "D": 0.25, "E": 0.3, "F": 0.3},
    "rural": {"A": 0.07, "B": 0.07, "C": 0.1, "D": 0.15, "E": 0.35, "F": 0.55},
}
