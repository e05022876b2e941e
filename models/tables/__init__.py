"""The tables of the service, on SQLite and PostgreSQL alike.

The workflow owns the state; these tables hold the audit chain, the evidence and a read model, written by
that workflow's own activities. Every row that stems from a fact carries the fact's `seq`, so that it can be
found again, and taken back when the fact turns out never to have been acknowledged. No personal data beyond
opaque references: names stand in `models.tables.people`, and in a list of the passed while it is public;
identity numbers stand there too, sealed, and addresses in `models.tables.listening.Contact`.
"""

from models.tables.access import AccessEntry
from models.tables.applications import Application, InboxItem, LiveApplication, Notice
from models.tables.ballots import BallotBox, BallotRoll, BallotSlip, SlipToTake
from models.tables.base import Base, Facts
from models.tables.batches import Batch, BatchItem
from models.tables.cases import CaseStep, CreditRecord, ReportFile, Sample, SideCase, WorkReport
from models.tables.chain import AuditEntry, AuditOrphan
from models.tables.cycle import Cycle, CycleFact, CycleNotice, CycleStep, OpenCase
from models.tables.deadlines import CurrentDeadline, DeadlineEntry
from models.tables.evidence import EvidenceLink, EvidenceObject, EvidencePart, EvidenceUpload
from models.tables.failures import ActivityFailure
from models.tables.feed import FeedEvent
from models.tables.listening import Contact, DeadDelivery, Lease, Letter, OperatorNotice, Webhook
from models.tables.lists import ListPosting, PostedEntry, PostedList
from models.tables.meeting import (
    AgendaItem,
    Attendance,
    Committee,
    DrawCommitment,
    Expert,
    ExpertDraw,
    ExpertRelation,
    MeetingEntry,
    MeetingNotice,
    Minutes,
    Opinion,
    PanelMember,
    PassedOver,
    Recusal,
    ReviewMeeting,
)
from models.tables.papers import Paper, PaperFault
from models.tables.people import Person, PersonIdentity, Unit
from models.tables.posts import PostEntry, PostPool
from models.tables.publicity import Finding, ObjectionRaised, ObjectionRuling, PublicityPosted, PublicityStep
from models.tables.reports import OperatorReport
from models.tables.result import (
    AgendaEntry,
    ArchiveReceipt,
    Certificate,
    CertificateCounter,
    Confirmation,
    ExamResult,
    RecheckStep,
    VoteCount,
)
from models.tables.retention import LegalHold, Removal, ToRemove
from models.tables.review import (
    CorrectedDecision,
    DossierVersion,
    ReturnAnswer,
    ReturnItem,
    ReturnList,
    ReviewDecision,
)
from models.tables.roots import AuditLeaf, AuditRoot
from models.tables.searches import Export, SavedSearch
from models.tables.versions import CalendarNotice, OrderRefusal, PlanVersion

__all__ = [
    "AccessEntry",
    "ActivityFailure",
    "AgendaEntry",
    "AgendaItem",
    "Application",
    "ArchiveReceipt",
    "Attendance",
    "AuditEntry",
    "AuditLeaf",
    "AuditOrphan",
    "AuditRoot",
    "BallotBox",
    "BallotRoll",
    "BallotSlip",
    "Base",
    "Batch",
    "BatchItem",
    "CalendarNotice",
    "CaseStep",
    "Certificate",
    "CertificateCounter",
    "Committee",
    "Confirmation",
    "Contact",
    "CorrectedDecision",
    "CreditRecord",
    "CurrentDeadline",
    "Cycle",
    "CycleFact",
    "CycleNotice",
    "CycleStep",
    "DeadDelivery",
    "DeadlineEntry",
    "DossierVersion",
    "DrawCommitment",
    "EvidenceLink",
    "EvidenceObject",
    "EvidencePart",
    "EvidenceUpload",
    "ExamResult",
    "Expert",
    "ExpertDraw",
    "ExpertRelation",
    "Export",
    "Facts",
    "FeedEvent",
    "Finding",
    "InboxItem",
    "Lease",
    "LegalHold",
    "Letter",
    "ListPosting",
    "LiveApplication",
    "MeetingEntry",
    "MeetingNotice",
    "Minutes",
    "Notice",
    "ObjectionRaised",
    "ObjectionRuling",
    "OpenCase",
    "OperatorNotice",
    "OperatorReport",
    "Opinion",
    "OrderRefusal",
    "PanelMember",
    "Paper",
    "PaperFault",
    "PassedOver",
    "Person",
    "PersonIdentity",
    "PlanVersion",
    "PostEntry",
    "PostPool",
    "PostedEntry",
    "PostedList",
    "PublicityPosted",
    "PublicityStep",
    "RecheckStep",
    "Recusal",
    "Removal",
    "ReportFile",
    "ReturnAnswer",
    "ReturnItem",
    "ReturnList",
    "ReviewDecision",
    "ReviewMeeting",
    "Sample",
    "SavedSearch",
    "SideCase",
    "SlipToTake",
    "ToRemove",
    "Unit",
    "VoteCount",
    "Webhook",
    "WorkReport",
]
