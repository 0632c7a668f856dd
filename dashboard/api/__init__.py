"""The staff API, /api/v1: one file a subject. Errors are problems, times are RFC 3339 in UTC."""

from fastapi import APIRouter

from dashboard.api import (
    air,
    alert_life,
    alerts,
    analysis,
    audit,
    backtests,
    cameras,
    discharge,
    evidence,
    exposure,
    footprints,
    marks,
    operations,
    own_account,
    people,
    plants,
    plume,
    quiet,
    receipts,
    replay,
    reservoirs,
    rota,
    rules,
    service,
    stations,
    thresholds,
    walls,
    warnings,
)

API = "/api/v1"
_SUBJECTS = (
    *(stations, service, air, reservoirs, discharge, marks, quiet, evidence, alert_life, alerts),
    analysis,
    *(rota, receipts),
    thresholds,
    *(own_account, people, audit),
    *(backtests, rules),
    *(plants, plume, exposure, footprints, cameras, operations, walls, warnings),
    replay,
)


def routers() -> list[APIRouter]:
    return [subject.router for subject in _SUBJECTS]
