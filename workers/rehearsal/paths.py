"""Events in the order of a life: the parts that the stories share."""

from __future__ import annotations

PUBLICITY = ("start_publicity", "publicity_over_clear", "file_evidence")
FIRST_LEG = ("submit", "recommend", "quota_pass", *PUBLICITY)
TO_THE_OFFICE = (*FIRST_LEG, "department_submit")
MEETING = ("schedule", "open_and_count", "vote_passed")
RESULT = ("publish_result", "result_over_clear", "confirm", "certificate_made", "archive")
FROM_THE_OFFICE = ("office_accept", "route_to_review", *MEETING, *RESULT)
FROM_THE_DEPARTMENT = ("department_submit", *FROM_THE_OFFICE)
WHOLE_LIFE = (*FIRST_LEG, *FROM_THE_DEPARTMENT)

NOT_ENDED_BY_A_BAR = frozenset({"lapse", "abandon"})
"""What no timer may do to somebody who was in time."""
