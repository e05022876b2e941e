"""The Nexus service `title-review` as callers in other namespaces see it: its name and its operations.

A caller's workflow code imports this alone; what the operations do is `workers.nexus`.
"""

from __future__ import annotations

from typing import Any

import nexusrpc

from models.application import ApplicationInput
from models.nexus import SERVICE, NexusDecision, NexusQuestion
from models.state import Receipt
from models.views import StateView


@nexusrpc.service(name=SERVICE)
class TitleReview:
    """`start` runs as long as the application lives; `decide` and `state` are answered at once."""

    start: nexusrpc.Operation[ApplicationInput, dict[str, Any]]
    decide: nexusrpc.Operation[NexusDecision, Receipt]
    state: nexusrpc.Operation[NexusQuestion, StateView]
