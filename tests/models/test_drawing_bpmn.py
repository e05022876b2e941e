"""The BPMN file against the OMG's schema, and as a model that other tools can read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from models.deadlines import DeadlineKind
from models.drawing.bpmn import bpmn
from models.drawing.layout import layout
from models.drawing.reading import GLOBALS, LANES, Lang
from models.lifecycle import BY_EVENT
from models.stages import STAGES, Stage

SCHEMA = Path(__file__).parents[1] / "schemas" / "bpmn" / "BPMN20.xsd"
NS = {
    "b": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "di": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "w": "http://www.omg.org/spec/DD/20100524/DI",
}


@pytest.fixture(scope="module")
def root() -> Any:
    return etree.fromstring(bpmn().encode())


def find(root: Any, path: str) -> list[Any]:
    found: list[Any] = root.xpath(path, namespaces=NS)
    return found


@pytest.fixture(scope="module")
def schema() -> Any:
    return etree.XMLSchema(etree.parse(SCHEMA))


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_it_validates_against_the_schema_of_the_omg(lang: Lang, schema: Any) -> None:
    schema.assertValid(etree.fromstring(bpmn(lang).encode()))


def test_one_pool_with_a_lane_for_every_role_and_every_node_in_a_lane(root: Any) -> None:
    assert len(find(root, "//b:participant")) == 1
    assert len(find(root, "//b:lane")) == len(LANES) + 1
    flow_nodes = set(find(root, "//b:process/*[b:incoming or b:outgoing or @triggeredByEvent]/@id"))
    referenced = find(root, "//b:flowNodeRef/text()")
    assert sorted(referenced) == sorted(flow_nodes)


def test_stages_have_the_shape_of_what_they_wait_for(root: Any) -> None:
    for stage, spec in STAGES.items():
        (element,) = find(root, f"//*[@id='stage_{stage.value}']")
        tag = etree.QName(element).localname
        if spec.final:
            assert tag == "endEvent"
        elif spec.automatic:
            assert tag == "serviceTask"
        elif tag == "userTask":
            assert spec.action_by is not None
            assert find(element, ".//b:formalExpression/text()") == [spec.action_by.value]
        else:
            assert tag in ("receiveTask", "serviceTask")
        assert spec.citation in find(element, "b:documentation/text()")[0]


def test_deadlines_are_timers_on_the_border(root: Any) -> None:
    for stage, spec in STAGES.items():
        for deadline in spec.deadlines:
            (timer,) = find(root, f"//*[@id='timer_{stage.value}_{deadline.name.value}']")
            assert timer.get("attachedToRef") == f"stage_{stage.value}"
            assert (timer.get("cancelActivity") == "false") == (deadline.kind is DeadlineKind.DUTY)
            assert find(timer, "b:timerEventDefinition")
            assert find(timer, "b:outgoing")


def test_several_outcomes_leave_through_a_gateway(root: Any) -> None:
    for element in find(root, "//b:userTask | //b:serviceTask | //b:receiveTask"):
        assert len(find(element, "b:outgoing")) <= 1, element.get("id")
    for gateway in find(root, "//b:exclusiveGateway"):
        assert len(find(gateway, "b:outgoing")) > 1
        for flow in find(gateway, "b:outgoing/text()"):
            assert find(root, f"//b:sequenceFlow[@id='{flow}']/b:conditionExpression"), flow


def test_flows_and_nodes_agree(root: Any) -> None:
    for flow in find(root, "//b:sequenceFlow"):
        name, source, target = flow.get("id"), flow.get("sourceRef"), flow.get("targetRef")
        assert name in find(root, f"//*[@id='{source}']/b:outgoing/text()")
        assert name in find(root, f"//*[@id='{target}']/b:incoming/text()")


def test_every_end_is_reached(root: Any) -> None:
    for end in find(root, "//b:endEvent | //b:intermediateThrowEvent"):
        assert find(end, "b:incoming"), end.get("id")
    for task in find(root, "//b:userTask | //b:serviceTask | //b:receiveTask"):
        assert find(task, "b:incoming"), task.get("id")


def test_links_are_paired(root: Any) -> None:
    thrown = set(find(root, "//b:intermediateThrowEvent/b:linkEventDefinition/@name"))
    caught = find(root, "//b:intermediateCatchEvent/b:linkEventDefinition/@name")
    assert sorted(thrown) == sorted(caught)
    assert thrown <= {stage.value for stage in Stage}


def test_events_at_many_stages_are_event_sub_processes(root: Any) -> None:
    for t in GLOBALS:
        (sub,) = find(root, f"//b:subProcess[@id='global_{t.event}']")
        assert sub.get("triggeredByEvent") == "true"
        (start,) = find(sub, "b:startEvent")
        assert (start.get("isInterrupting") == "true") == (t.target is not None)


def test_every_event_is_documented_with_its_source_evidence_and_conditions(root: Any) -> None:
    docs = "\n".join(find(root, "//b:documentation/text()"))
    for t in BY_EVENT.values():
        assert f"({t.event})" in docs
        assert t.citation in docs
        assert t.evidence is None or t.evidence.en in docs
        for guard in t.guards:
            assert guard.label.zh in docs


def test_everything_is_drawn_where_the_layout_says(root: Any) -> None:
    drawing = layout("both")
    flow_nodes = set(find(root, "//*[b:incoming or b:outgoing or @triggeredByEvent]/@id"))
    shapes = set(find(root, "//di:BPMNShape/@bpmnElement"))
    assert flow_nodes | set(find(root, "//b:lane/@id")) | {"pool", "legend"} == shapes
    assert set(find(root, "//di:BPMNEdge/@bpmnElement")) == set(find(root, "//b:sequenceFlow/@id"))
    for edge in drawing.edges:
        points = find(root, f"//di:BPMNEdge[@bpmnElement='{edge.id}']/w:waypoint")
        assert [(float(p.get("x")), float(p.get("y"))) for p in points] == [
            (p.x, p.y) for p in edge.waypoints
        ]
    for node in drawing.nodes.values():
        (bounds,) = find(root, f"//di:BPMNShape[@bpmnElement='{node.id}']/dc:Bounds")
        assert [float(bounds.get(n)) for n in ("x", "y", "width", "height")] == [
            node.box.x,
            node.box.y,
            node.box.w,
            node.box.h,
        ]
