"""The staff API, /api/v1: one file a subject. Errors are problems, times are RFC 3339 in UTC."""

from fastapi import APIRouter

from dashboard.api import alerts, cameras, operations, stations

API = "/api/v1"


def routers() -> list[APIRouter]:
    return [stations.router, alerts.router, cameras.router, operations.router]
