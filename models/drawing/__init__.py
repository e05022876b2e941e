"""Drawings and texts of the lifecycle: Mermaid, SVG, BPMN 2.0, handbook, permission matrix, JSON.

Everything here is computed from `models.stages.STAGES` and `models.lifecycle.TRANSITIONS`; nothing about
the process is said a second time. The same tables give the same bytes: no clock, no random number.
"""
