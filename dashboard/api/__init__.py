"""The staff API, /api/v1: one file a subject. Errors are problems, times are RFC 3339 in UTC."""

from fastapi import APIRouter

from dashboard.api import (
    air,
    alerts,
    backtests,
    cameras,
    discharge,
    exposure,
    footprints,
    marks,
    operations,
    plants,
    plume,
    quiet,
    receipts,
    reservoirs,
    rota,
    rules,
    stations,
    warnings,
)

API = "/api/v1"
_SUBJECTS = (
    *(stations, air, reservoirs, discharge, marks, quiet, alerts),
    *(rota, receipts),
    *(backtests, rules),
    *(plants, plume, exposure, footprints, cameras, operations, warnings),
)


def routers() -> list[APIRouter]:
    return [subject.router for subject in _SUBJECTS]
