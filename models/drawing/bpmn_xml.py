"""The few words of BPMN XML that are needed: namespaces, children, documentation, expressions."""

from __future__ import annotations

import xml.etree.ElementTree as ET

_SPEC = "http://www.omg.org/spec/"
NAMESPACES = {
    "bpmn": f"{_SPEC}BPMN/20100524/MODEL",
    "bpmndi": f"{_SPEC}BPMN/20100524/DI",
    "dc": f"{_SPEC}DD/20100524/DC",
    "di": f"{_SPEC}DD/20100524/DI",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
BPMN, BPMNDI, DC, DI, XSI = (f"{{{uri}}}" for uri in NAMESPACES.values())


def child(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    """A new element of the BPMN model namespace."""
    return ET.SubElement(parent, f"{BPMN}{tag}", attributes)


def documented(parent: ET.Element, text: str) -> None:
    """Adds the documentation; it must be the first child."""
    child(parent, "documentation").text = text


def expression(parent: ET.Element, tag: str, text: str, typed: bool = False) -> None:
    """Adds a formal expression, as an element of its own or as the type of another element."""
    element = child(parent, tag)
    if typed:
        element.set(f"{XSI}type", "bpmn:tFormalExpression")
    element.text = text
