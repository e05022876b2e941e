"""Who is calling: a subject with the roles that its token grants, and the actor that it acts as.

The actor of every command comes from here, never from what a request says about itself.
"""

from __future__ import annotations

from collections.abc import Collection

from models.refusal import RefusalCode, refuse
from models.roles import ROLE_LABELS, Actor, Reference, Role
from models.visibility import Grant, may_begin
from models.wire import Label, Wire
from workers.client_errors import ReferenceTaken, StartRefused

IN_HEADERS = (
    "Zhicheng-Role",
    Label(
        zh="请在请求头 Zhicheng-Role（必要时 Zhicheng-Organisation）中指明以何身份办理。",
        en="Name one in the header Zhicheng-Role, and if needed in Zhicheng-Organisation.",
    ),
)
"""How one of several roles is named over HTTP: the field, and the remedy."""


class Caller(Wire):
    """A verified caller. `service`: a system's account, not a person's. `token_id`: for the access log."""

    subject: Reference
    grants: tuple[Grant, ...] = ()
    service: bool = False
    token_id: str | None = None

    @property
    def roles(self) -> frozenset[Role]:
        """The roles that are granted."""
        return frozenset(grant.role for grant in self.grants)

    def within(self, roles: Collection[Role]) -> Caller:
        """The same caller with no other roles than these."""
        return self.model_copy(update={"grants": tuple(g for g in self.grants if g.role in roles)})

    def may_begin(self, applicant: str, employer: str, office: str | None) -> bool:
        """Whether this caller may begin the application of this applicant and employer."""
        return may_begin(self.subject, self.grants, applicant, employer, office)

    def told(self, refused: StartRefused, applicant: str, employer: str, office: str | None) -> StartRefused:
        """What this caller may be told of a start that was refused.

        In which fields an application differs from what was sent is for those to know who might begin it:
        to anybody else it would give away, guess by guess, what is in it.
        """
        if not refused.differing:
            return refused
        same_person = applicant if "applicant" not in refused.differing else ""
        same_unit = employer if not {"employer", "employer.id"} & set(refused.differing) else ""
        if self.may_begin(same_person, same_unit, office):
            return refused
        return ReferenceTaken()

    def actor(
        self,
        role: Role | None = None,
        organisation: str | None = None,
        named: tuple[str, Label] = IN_HEADERS,
    ) -> Actor:
        """The actor for a command, in that role; without one the only role held.

        `named`: by which field one of several roles is named at this door, and how, in words.
        Raises `Refused`: no such grant, or several that fit so that one must be named.
        """
        fitting = [
            grant
            for grant in self.grants
            if (role is None or grant.role is role)
            and (organisation is None or grant.organisation == organisation)
        ]
        if len(fitting) == 1:
            return Actor(id=self.subject, role=fitting[0].role, organisation=fitting[0].organisation)
        held_zh = "、".join(ROLE_LABELS[grant.role].zh for grant in self.grants) or "无"
        held = ", ".join(f"{g.role.value} of {g.organisation or 'own person'}" for g in self.grants) or "none"
        if fitting:
            raise refuse(
                RefusalCode.WRONG_ROLE,
                zh=f"您的账户具有多种身份（{held_zh}）。",
                en=f"Your account holds several roles ({held}).",
                fix_zh=named[1].zh,
                fix_en=named[1].en,
                field=named[0],
                citation="roles of the review, by design",
            )
        raise refuse(
            RefusalCode.WRONG_ROLE,
            zh=f"您的账户没有此身份（现有：{held_zh}）。",
            en=f"Your account does not hold this role (it holds: {held}).",
            fix_zh="请由具有此身份的账户办理。",
            fix_en="Use an account that holds it.",
            field=named[0],
            citation="roles of the review, by design",
        )
