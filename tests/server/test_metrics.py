"""Figures are right, and clients cannot make them many."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from market.server.metrics import OPERATIONS_MAX, Metrics


def count(
    metrics: Metrics, *, operation: str = "A", status: int = 200, errors: tuple[str, ...] = (), times: int = 1
) -> None:
    for _ in range(times):
        metrics.count(
            operation=operation,
            kind="query",
            status=status,
            cache="hit",
            seconds=0.002,
            size_bytes=100,
            cost=7,
            errors=errors,
        )


def figures(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Each figure by its name and the values of its labels, in the order of the labels' names."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }


def test_a_request_is_counted_in_each_figure() -> None:
    metrics = Metrics()

    count(metrics, times=3)
    count(metrics, status=500, errors=("INTERNAL_SERVER_ERROR",))

    found = figures(metrics)
    assert found["market_requests_total", "hit", "query", "200"] == 3
    assert found["market_requests_total", "hit", "query", "500"] == 1
    assert found["market_request_seconds_count", "hit", "query"] == 4
    assert found["market_request_seconds_bucket", "hit", "query", "0.001"] == 0
    assert found["market_request_seconds_bucket", "hit", "query", "0.0025"] == 4
    assert found["market_response_bytes_total", "query"] == 400
    assert found["market_cost_points_total", "query"] == 28
    assert found["market_errors_total", "INTERNAL_SERVER_ERROR"] == 1


def test_an_operation_earns_its_own_figure_by_succeeding_often() -> None:
    metrics = Metrics()

    count(metrics, operation="Shop", times=30)
    count(metrics, operation="Broken", status=400, errors=("BAD_USER_INPUT",), times=30)

    found = figures(metrics)
    assert found["market_operations_total", "Shop"] == 10
    assert found["market_operations_total", "other"] == 50
    assert ("market_operations_total", "Broken") not in found


def test_invented_names_do_not_become_figures() -> None:
    metrics = Metrics()
    count(metrics, operation="Shop", times=25)

    for number in range(3_000):
        count(metrics, operation=f"Invented{number}", times=2)

    count(metrics, operation="Later", times=25)
    names = [key[1] for key in figures(metrics) if key[0] == "market_operations_total"]
    assert sorted(names) == ["Later", "Shop", "other"]


def test_the_number_of_named_operations_is_bounded() -> None:
    metrics = Metrics()

    for number in range(OPERATIONS_MAX + 20):
        count(metrics, operation=f"Persistent{number}", times=25)

    names = [key[1] for key in figures(metrics) if key[0] == "market_operations_total"]
    assert len(names) == OPERATIONS_MAX + 1


def test_the_number_of_error_codes_is_bounded() -> None:
    metrics = Metrics()

    count(metrics, errors=tuple(f"CODE_{number}" for number in range(500)))

    codes = {key[1]: value for key, value in figures(metrics).items() if key[0] == "market_errors_total"}
    assert len(codes) == 51
    assert sum(codes.values()) == 500


@pytest.mark.parametrize("processes", [2])
def test_several_processes_are_added_up(tmp_path: Path, processes: int) -> None:
    script = """
from market.server.metrics import Metrics
metrics = Metrics()
metrics.count(operation="A", kind="query", status=200, cache="hit", seconds=1, size_bytes=5, cost=1, errors=())
print(metrics.text().decode())
"""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for _ in range(processes):
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        )

    assert f'market_response_bytes_total{{kind="query"}} {5.0 * processes}' in done.stdout
