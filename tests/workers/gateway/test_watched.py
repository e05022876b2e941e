"""One application watched from outside: one trace, one id, the numbers, and nothing personal in any line."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.request import urlopen

import httpx
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowHistory
from temporalio.worker import Interceptor

from models.stages import label_of
from tests.codec import replayer, unsealed
from tests.support import eventually, unique
from tests.workers.conftest import Lines, serving
from tests.workers.gateway.conftest import Door
from workers.connect import connect
from workers.observe.correlation import interceptors
from workers.observe.page import metrics_page
from workers.observe.tracing import Discreet, tracing_to
from workers.rehearsal.cast import paper
from workers.settings import Settings

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
PLANTED = ("王小明", "11010519491231002X", "13800138000", "wang@example.cn", "隐私之言")


@pytest.fixture(scope="module")
def spans() -> Iterator[InMemorySpanExporter]:
    """Every span of this process while the module runs."""
    kept = InMemorySpanExporter()
    with tracing_to(SimpleSpanProcessor(Discreet(kept)), "test"):
        yield kept


@pytest.fixture(scope="module")
def gateway_settings(
    spans: InMemorySpanExporter,  # noqa: ARG001 - traces are on before the worker starts
    temporal_address: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Settings]:
    """A worker of its own: whether it traces is decided when it starts."""
    settings = Settings.load(
        temporal_address=temporal_address,
        task_queue=unique("watched"),
        data_dir=tmp_path_factory.mktemp("watched"),
        rehearsal=True,
        local_issuer=True,
    )
    with serving(settings):
        yield settings


async def _replayed(history: WorkflowHistory, *watching: Interceptor) -> None:
    await replayer(*watching).replay_workflow(history)


async def test_one_trace_from_the_request_to_the_activity(
    stage_door: Door, spans: InMemorySpanExporter, gateway_settings: Settings
) -> None:
    await stage_door.start()
    answer = await stage_door.send(stage_door.cast.submit(), traceparent=PARENT)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-request-id"] == TRACE

    def of_the_request() -> dict[str, str | None]:
        found = [s for s in spans.get_finished_spans() if s.context and f"{s.context.trace_id:032x}" == TRACE]
        by_id = {s.context.span_id: s.name for s in found if s.context}
        chain = {s.name: by_id.get(s.parent.span_id) if s.parent else None for s in found}
        assert "RunActivity:screening" in chain, sorted(chain)
        return chain

    chain = await eventually(of_the_request)
    assert chain["POST submit"] is None  # its parent is the caller's span
    assert chain["StartWorkflowUpdate:submit"] == "POST submit"
    assert chain["HandleUpdate:submit"] == "StartWorkflowUpdate:submit"
    assert chain["StartActivity:screening"] == "StartWorkflowUpdate:submit"
    assert chain["RunActivity:screening"] == "StartActivity:screening"

    client = await connect(gateway_settings)
    handle = client.get_workflow_handle(f"application/{stage_door.cast.plan_id}/{stage_door.cast.ref}")
    history, before = await handle.fetch_history(), len(spans.get_finished_spans())
    await _replayed(history)
    await _replayed(history, *interceptors())  # type: ignore[arg-type]
    assert len(spans.get_finished_spans()) == before


async def test_one_id_in_every_line_and_nothing_personal_in_any(
    stage_door: Door, http: httpx.AsyncClient, lines: Lines, gateway_settings: Settings
) -> None:
    cast, mine = stage_door.cast, unique("request")
    number, told = PLANTED[1], " ".join(PLANTED)
    await stage_door.start()
    dossier = cast.dossier(achievements=[paper(told)])
    assert (await stage_door.send(cast.submit(dossier=told))).status_code == 422
    assert (await stage_door.send(cast.submit(dossier=dossier), **{"X-Request-Id": mine})).status_code == 200
    reasons = [{"code": "not_recommended", "text": told}]
    declined = await stage_door.send(cast.employer_decline(reasons=reasons), **{"X-Request-Id": number})
    assert declined.status_code == 200, declined.text
    assert declined.headers["x-request-id"] != number
    refused = await stage_door.send(cast.accept(), **{"X-Request-Id": f"{mine}-2"})
    assert refused.status_code == 409, refused.text
    await http.get(f"{stage_door.path}/{number}?who={number}", headers={"Authorization": f"Bearer {number}"})

    def of(correlation_id: str) -> set[str]:
        return {line["logger"] for line in lines.all() if line.get("correlation_id") == correlation_id}

    def recorded() -> None:
        assert of(mine) == {"gateway", "recorded"}
        assert of(f"{mine}-2") == {"gateway", "workflow"}
        assert any(line["event"] == "employer_decline" for line in lines.of("recorded"))

    await eventually(recorded)
    line = next(line for line in lines.of("recorded") if line["correlation_id"] == mine)
    assert (line["plan"], line["application"], line["hop"]) == (cast.plan_id, cast.ref, "screening")
    assert line["revision"]
    assert line["command_id"]
    written = lines.stream.getvalue()
    assert [private for private in PLANTED if private in written] == []

    client = await connect(gateway_settings)
    handle = client.get_workflow_handle(f"application/{cast.plan_id}/{cast.ref}")
    history, before = await handle.fetch_history(), len(lines.all())
    await _replayed(history, *interceptors())  # type: ignore[arg-type]
    assert [line for line in lines.all()[before:] if not line["logger"].startswith("temporalio")] == []


async def test_temporal_shows_where_it_stands_and_who_decided(
    stage_door: Door, gateway_settings: Settings
) -> None:
    cast, told = stage_door.cast, " ".join(PLANTED)
    await stage_door.start()
    await stage_door.send(cast.submit(dossier=cast.dossier(achievements=[paper(told)])))
    reasons = [{"code": "not_recommended", "text": told}]
    await stage_door.send(cast.employer_decline(reasons=reasons))
    client = await connect(gateway_settings)
    handle = client.get_workflow_handle(f"application/{cast.plan_id}/{cast.ref}")

    async def shown() -> str:
        metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        details: str = metadata.current_details
        assert "employer_declined" in details.splitlines()[0]
        return details

    details = await eventually(shown)
    assert (
        f"| 用人单位 | 不予推荐 employer_decline | {label_of('employer_declined').zh} employer_declined |"
        in details
    )
    described = await handle.describe()
    assert f"`{cast.employer}`" in (await described.static_details() or "")
    assert cast.level in (await described.static_summary() or "")
    history = unsealed(await handle.fetch_history())
    summaries = [e.user_metadata.summary.data.decode() for e in history.events if e.HasField("user_metadata")]
    assert any("submit > employer_review" in summary for summary in summaries)
    everything = details + "".join(summaries) + (await described.static_details() or "")
    assert [private for private in (*PLANTED, f"p-{cast.ref}") if private in everything] == []


async def test_decisions_refusals_and_answers_are_counted(stage_door: Door, http: httpx.AsyncClient) -> None:
    cast = stage_door.cast
    with metrics_page("127.0.0.1", 0) as port:

        def page() -> dict[str, float]:
            with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                text = answer.read().decode()
            assert cast.ref not in text
            rows = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
            return {name: float(value) for name, _, value in rows}

        before = page()
        await stage_door.start()
        await stage_door.send(cast.submit())
        await stage_door.send(cast.accept())
        await http.get("/v1/nowhere/13800138000")

        def risen(name: str) -> float:
            return page().get(name, 0.0) - before.get(name, 0.0)

        submitted = 'zhicheng_decisions_total{hop="screening",outcome="submit",role="applicant"}'
        await eventually(lambda: risen(submitted) == 1)
        assert risen('zhicheng_refused_total{command="review",reason="not_in_this_stage"}') == 1
        assert risen('zhicheng_read_model_lag_seconds_count{hop="screening"}') >= 1
        assert risen('zhicheng_http_requests_total{method="POST",route="submit",status="200"}') == 1
        assert risen('zhicheng_http_requests_total{method="GET",route="none",status="404"}') == 1
