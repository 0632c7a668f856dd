"""The staff API, /api/v1: one file a subject. Errors are problems, times are RFC 3339 in UTC."""

from fastapi import APIRouter

from dashboard.api import (
    air,
    alerts,
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
    stations,
)

API = "/api/v1"
_SUBJECTS = (
    *(stations, air, reservoirs, discharge, marks, quiet, alerts),
    *(plants, plume, exposure, footprints, cameras, operations),
    *(rota, receipts),
)


def routers() -> list[APIRouter]:
    return [subject.router for subject in _SUBJECTS]
