"""The diagram interchange of the BPMN file: bounds of every shape and label, way points of every flow."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from models.drawing.bpmn_xml import BPMNDI, DC, DI
from models.drawing.elements import Drawing, NodeKind, Text
from models.drawing.geometry import Box

_SLACK = 8
"""Labels get a little more room than computed, so that no viewer breaks a line once more."""


def diagram(drawing: Drawing, root: ET.Element) -> None:
    """Adds the diagram of the collaboration."""
    frame = ET.SubElement(root, f"{BPMNDI}BPMNDiagram", {"id": "diagram"})
    plane = ET.SubElement(frame, f"{BPMNDI}BPMNPlane", {"id": "plane", "bpmnElement": "collaboration"})
    _shape(plane, "pool", drawing.pool, isHorizontal="true")
    for lane in drawing.lanes:
        name = lane.role.value if lane.role is not None else "many"
        _shape(plane, f"lane_{name}", lane.box, isHorizontal="true")
    for node in drawing.nodes.values():
        more = {NodeKind.GLOBAL: {"isExpanded": "true"}, NodeKind.GATEWAY: {"isMarkerVisible": "true"}}
        shape = _shape(plane, node.id, node.box, **more.get(node.kind, {}))
        if node.text is not None and node.kind not in (NodeKind.STAGE, NodeKind.GLOBAL):
            _label(shape, node.text)
    for edge in drawing.edges:
        line = ET.SubElement(plane, f"{BPMNDI}BPMNEdge", {"id": f"{edge.id}_di", "bpmnElement": edge.id})
        for point in edge.waypoints:
            ET.SubElement(line, f"{DI}waypoint", {"x": f"{point.x:g}", "y": f"{point.y:g}"})
        if edge.text is not None:
            _label(line, edge.text)
    band = drawing.lanes[-1].box
    _shape(plane, "legend", Box(band.x + 70, band.bottom - 74, 700, 70))


def _shape(plane: ET.Element, element: str, box: Box, **more: str) -> ET.Element:
    shape = ET.SubElement(
        plane, f"{BPMNDI}BPMNShape", {"id": f"{element}_di", "bpmnElement": element, **more}
    )
    _bounds(shape, box)
    return shape


def _label(parent: ET.Element, text: Text) -> None:
    label = ET.SubElement(parent, f"{BPMNDI}BPMNLabel")
    box = text.box
    _bounds(label, Box(box.x - _SLACK / 2, box.y, box.w + _SLACK, box.h))


def _bounds(parent: ET.Element, box: Box) -> None:
    values = {"x": box.x, "y": box.y, "width": box.w, "height": box.h}
    ET.SubElement(parent, f"{DC}Bounds", {name: f"{value:g}" for name, value in values.items()})
