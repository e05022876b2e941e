"""The lifecycle as BPMN 2.0 XML: one pool, lanes by role, complete diagram interchange.

A stage that waits for a person is a user task, one that waits for a period a receive task, one that the
system passes by itself a service task. A BAR, PERIOD or WINDOW is an interrupting timer on its border, a
DUTY a non-interrupting one that escalates. What happens without leaving the stage is a non-interrupting
message. Events possible at many stages are event sub-processes.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import defaultdict

from models.commands import COMMANDS
from models.deadlines import DeadlineKind
from models.drawing.bpmn_shapes import diagram
from models.drawing.bpmn_xml import BPMN, NAMESPACES, child, documented, expression
from models.drawing.elements import Drawing, Edge, Node, NodeKind
from models.drawing.layout import layout
from models.drawing.placing import POOL
from models.drawing.reading import Lang, kind_words, words
from models.drawing.telling import as_text, command_of, deadline_facts, event_facts, stage_facts
from models.roles import ROLE_LABELS, Role
from models.stages import STAGES

_ESCALATION = "escalation_duty"
_TARGET_NAMESPACE = "urn:zhicheng:lifecycle"

_END_KINDS = (NodeKind.FINAL, NodeKind.END, NodeKind.NOTED, NodeKind.ESCALATION, NodeKind.GLOBAL_END)


def bpmn(lang: Lang = "both") -> str:
    """The BPMN document as text."""
    for prefix, uri in NAMESPACES.items():
        ET.register_namespace(prefix, uri)
    drawing = layout(lang)
    root = ET.Element(
        f"{BPMN}definitions",
        {
            "id": "definitions",
            "name": words(POOL, lang),
            "targetNamespace": _TARGET_NAMESPACE,
            "exporter": "zhicheng",
        },
    )
    collaboration = child(root, "collaboration", id="collaboration")
    child(collaboration, "participant", id="pool", name=words(POOL, lang), processRef="process")
    for command in COMMANDS:
        child(root, "message", id=f"message_{command}", name=command)
    child(root, "escalation", id=_ESCALATION, name="duty overdue", escalationCode="duty")
    _Process(drawing, root).write()
    diagram(drawing, root)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


class _Process:
    """Writes the process: lanes, flow nodes, sequence flows, the legend."""

    def __init__(self, drawing: Drawing, root: ET.Element) -> None:
        self.drawing = drawing
        self.lang: Lang = drawing.lang
        self.process = child(
            root,
            "process",
            id="process",
            name=words(POOL, self.lang),
            isExecutable="false",
            processType="Private",
        )
        self.incoming: dict[str, list[str]] = defaultdict(list)
        self.outgoing: dict[str, list[str]] = defaultdict(list)
        for edge in drawing.edges:
            self.outgoing[edge.source].append(edge.id)
            self.incoming[edge.target].append(edge.id)

    def write(self) -> None:
        """Everything in the order the schema asks for."""
        self._lanes()
        nodes = self.drawing.nodes
        for node in nodes.values():
            if node.kind is NodeKind.GLOBAL:
                self._global(node)
            elif node.kind not in (NodeKind.GLOBAL_START, NodeKind.GLOBAL_END):
                self._node(node, self.process)
        for edge in self.drawing.edges:
            if nodes[edge.source].kind is not NodeKind.GLOBAL_START:
                self._flow(edge, self.process)
        note = child(self.process, "textAnnotation", id="legend")
        child(note, "text").text = legend(self.lang)

    def _lanes(self) -> None:
        lanes = child(self.process, "laneSet", id="lanes")
        for lane in self.drawing.lanes:
            name = words(lane.label, self.lang)
            element = child(lanes, "lane", id=lane_id(lane.role), name=name)
            for node in self.drawing.nodes.values():
                inside = node.kind in (NodeKind.GLOBAL_START, NodeKind.GLOBAL_END)
                if not inside and node.lane is lane.role:
                    child(element, "flowNodeRef").text = node.id

    def _flow_node(self, parent: ET.Element, tag: str, node: Node, doc: str, **more: str) -> ET.Element:
        lang: Lang = "en" if node.kind is NodeKind.TIMER else self.lang
        name = {"name": words(node.label, lang, "\n")} if node.label is not None else {}
        element = child(parent, tag, id=node.id, **name, **more)
        if doc:
            documented(element, doc)
        for edge in self.incoming[node.id]:
            child(element, "incoming").text = edge
        for edge in self.outgoing[node.id]:
            child(element, "outgoing").text = edge
        return element

    def _node(self, node: Node, parent: ET.Element) -> None:
        doc = self._doc(node)
        if node.kind is NodeKind.STAGE:
            self._task(node, parent, doc)
        elif node.kind is NodeKind.TIMER:
            self._timer(node, parent, doc)
        elif node.kind is NodeKind.GATEWAY:
            self._flow_node(parent, "exclusiveGateway", node, doc, gatewayDirection="Diverging")
        elif node.kind is NodeKind.MESSAGE:
            assert node.parent is not None
            element = self._flow_node(
                parent, "boundaryEvent", node, doc, attachedToRef=node.parent, cancelActivity="false"
            )
            self._message(element, node)
        elif node.kind in (NodeKind.THROW, NodeKind.CATCH):
            self._link(node, parent, doc)
        elif node.kind is NodeKind.START:
            self._flow_node(parent, "startEvent", node, doc)
        elif node.kind in _END_KINDS:
            element = self._flow_node(parent, "endEvent", node, doc)
            if node.kind is NodeKind.ESCALATION:
                child(
                    element,
                    "escalationEventDefinition",
                    id=f"{node.id}_definition",
                    escalationRef=_ESCALATION,
                )

    def _task(self, node: Node, parent: ET.Element, doc: str) -> None:
        assert node.stage is not None
        spec = STAGES[node.stage]
        runs_a_period = any(d.kind is DeadlineKind.PERIOD for d in spec.deadlines)
        if spec.terminal or (spec.action_by is Role.SYSTEM and runs_a_period):
            self._flow_node(parent, "receiveTask", node, doc)
        elif spec.automatic or spec.action_by is Role.SYSTEM:
            self._flow_node(parent, "serviceTask", node, doc)
        else:
            assert spec.action_by is not None
            task = self._flow_node(parent, "userTask", node, doc)
            owner = child(
                task,
                "potentialOwner",
                id=f"{node.id}_owner",
                name=words(ROLE_LABELS[spec.action_by], self.lang),
            )
            expression(child(owner, "resourceAssignmentExpression"), "formalExpression", spec.action_by.value)

    def _timer(self, node: Node, parent: ET.Element, doc: str) -> None:
        assert node.parent is not None
        assert node.deadline is not None
        interrupts = "false" if node.deadline.kind is DeadlineKind.DUTY else "true"
        element = self._flow_node(
            parent, "boundaryEvent", node, doc, attachedToRef=node.parent, cancelActivity=interrupts
        )
        timer = child(element, "timerEventDefinition", id=f"{node.id}_definition")
        expression(timer, "timeDate", f"deadline.{node.deadline.name.value}.due_at", typed=True)

    def _message(self, element: ET.Element, node: Node) -> None:
        """What begins it: a message, or a condition where the service itself finds that it is so."""
        assert node.transition is not None
        command, known_as = node.transition.command, f"{node.id}_definition"
        if command is None:
            found = child(element, "conditionalEventDefinition", id=known_as)
            expression(found, "condition", node.transition.event, typed=True)
        else:
            child(element, "messageEventDefinition", id=known_as, messageRef=f"message_{command}")

    def _link(self, node: Node, parent: ET.Element, doc: str) -> None:
        thrown = node.kind is NodeKind.THROW
        target = node.transition.target if thrown and node.transition is not None else node.home
        assert target is not None
        tag = "intermediateThrowEvent" if thrown else "intermediateCatchEvent"
        element = self._flow_node(parent, tag, node, doc)
        child(element, "linkEventDefinition", id=f"{node.id}_definition", name=target.value)

    def _global(self, frame: Node) -> None:
        assert frame.transition is not None
        sub = self._flow_node(self.process, "subProcess", frame, self._doc(frame), triggeredByEvent="true")
        for node in self.drawing.nodes.values():
            if node.parent != frame.id:
                continue
            if node.kind is NodeKind.GLOBAL_START:
                interrupts = "true" if frame.transition.target is not None else "false"
                element = self._flow_node(sub, "startEvent", node, "", isInterrupting=interrupts)
                self._message(element, node)
            else:
                self._node(node, sub)
        for edge in self.drawing.edges:
            source = self.drawing.nodes[edge.source]
            if source.parent == frame.id and source.kind is NodeKind.GLOBAL_START:
                self._flow(edge, sub)

    def _flow(self, edge: Edge, parent: ET.Element) -> None:
        t = edge.transition
        name = {}
        if t is not None and edge.text is not None:
            name = {"name": words(edge.text.label, self.lang, "\n")}
        element = child(
            parent, "sequenceFlow", id=edge.id, **name, sourceRef=edge.source, targetRef=edge.target
        )
        if t is None:
            return
        documented(element, as_text(event_facts(t, self.lang)))
        if self.drawing.nodes[edge.source].kind is NodeKind.GATEWAY:
            condition = command_of(t) or f"fact({t.event})"
            expression(element, "conditionExpression", condition, typed=True)

    def _doc(self, node: Node) -> str:
        if node.kind is NodeKind.TIMER and node.home is not None and node.deadline is not None:
            return as_text(deadline_facts(node.home, node.deadline, self.lang))
        if node.stage is not None:
            return as_text(stage_facts(node.stage, self.lang))
        if node.transition is None:
            return ""
        doc = as_text(event_facts(node.transition, self.lang))
        if node.kind is NodeKind.GLOBAL:
            doc += "\n" + ", ".join(stage.value for stage in node.transition.sources)
        return doc


def lane_id(role: Role | None) -> str:
    """The id of a lane."""
    return f"lane_{role.value if role is not None else 'many'}"


def legend(lang: Lang) -> str:
    """What the timers on the borders mean."""
    return "\n".join(kind_words(kind, lang) for kind in DeadlineKind)
