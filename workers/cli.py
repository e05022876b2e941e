"""The command line `zhicheng`: mounts every command, and ends the process with the status it decided on.

Exit status: 0 done, 1 refused, 2 wrong usage or input, 3 nobody to reach, 130 interrupted.
"""

from __future__ import annotations

import sys

import typer

from workers import cli_commands, cli_incidents, cli_lifecycle, cli_operations, cli_versions
from workers.cli_apply import apply
from workers.cli_audit import audit_app
from workers.cli_batch import batch_app
from workers.cli_calendar import calendar_app
from workers.cli_cases import case_app, credit_app
from workers.cli_certificate import certificate_app
from workers.cli_codec import codec, payload_key_app
from workers.cli_committee import committee_app, expert_app
from workers.cli_courier import contact_app, courier, mailbox_app, notices_app
from workers.cli_cycle import cycle_app
from workers.cli_diagram import diagram
from workers.cli_doctor import doctor
from workers.cli_evidence import evidence_app
from workers.cli_explain import explain
from workers.cli_exports import export_app
from workers.cli_gateway import access_log, gateway, token
from workers.cli_history import history, refused, why_deadline
from workers.cli_identity import people_app
from workers.cli_list import list_command
from workers.cli_lists import lists_app
from workers.cli_meeting import meeting_app
from workers.cli_nexus import nexus_app
from workers.cli_plan import plan_app
from workers.cli_posts import posts
from workers.cli_processes import demo, migrate, search_attributes_app, up, worker
from workers.cli_rebuild import rebuild
from workers.cli_replay import replay
from workers.cli_report import report_app
from workers.cli_retention import retention_app
from workers.cli_schema import schema, template
from workers.cli_search import search_app
from workers.cli_searching import SEARCHES
from workers.cli_show import next_steps, show
from workers.cli_simulate import simulate
from workers.cli_site import site_app
from workers.cli_webhook import webhook_app
from workers.exit import finish

CYCLE = "The committee's year"
LISTEN = "Listening"
READ, RUN, LOOK_UP = "Read applications", "Processes", "Rules and formats"

app = typer.Typer(
    name="zhicheng",
    help="Professional-title review (职称评审): one durable workflow per application.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command(rich_help_panel="Commands on one application")(apply)
cli_commands.register(app)
app.command(rich_help_panel=READ)(show)
app.command("next", rich_help_panel=READ)(next_steps)
app.command(rich_help_panel=READ)(history)
app.command(rich_help_panel=READ)(explain)
app.command("why-deadline", rich_help_panel=READ)(why_deadline)
app.command(rich_help_panel=READ)(refused)
app.command("list", rich_help_panel=READ, context_settings=SEARCHES)(list_command)
app.add_typer(search_app, name="search", rich_help_panel=READ)
cli_operations.register(app, READ)
cli_incidents.register(app, READ, RUN)
app.add_typer(export_app, name="export", rich_help_panel=READ)
app.command(rich_help_panel=READ)(diagram)
app.command("access-log", rich_help_panel=READ)(access_log)
app.add_typer(batch_app, name="batch", rich_help_panel=CYCLE)
app.add_typer(cycle_app, name="cycle", rich_help_panel=CYCLE)
app.command(rich_help_panel=CYCLE)(posts)
app.add_typer(committee_app, name="committee", rich_help_panel=CYCLE)
app.add_typer(expert_app, name="expert", rich_help_panel=CYCLE)
app.add_typer(meeting_app, name="meeting", rich_help_panel=CYCLE)
app.add_typer(people_app, name="people", rich_help_panel=CYCLE)
app.add_typer(lists_app, name="lists", rich_help_panel=CYCLE)
app.add_typer(site_app, name="site", rich_help_panel=CYCLE)
app.add_typer(case_app, name="case", rich_help_panel=CYCLE)
app.add_typer(credit_app, name="credit", rich_help_panel=CYCLE)
app.add_typer(evidence_app, name="evidence", rich_help_panel=CYCLE)
app.add_typer(certificate_app, name="certificate", rich_help_panel=CYCLE)
app.add_typer(report_app, name="report", rich_help_panel=CYCLE)
app.add_typer(retention_app, name="retention", rich_help_panel=RUN)
app.command(rich_help_panel=RUN)(up)
app.command(rich_help_panel=RUN)(doctor)
app.add_typer(audit_app, name="audit", rich_help_panel=RUN)
app.command(rich_help_panel=RUN)(rebuild)
app.command(rich_help_panel=RUN)(demo)
app.command(rich_help_panel=RUN)(simulate)
app.command(rich_help_panel=RUN)(worker)
app.command(rich_help_panel=RUN)(gateway)
app.command(rich_help_panel=RUN)(codec)
app.add_typer(payload_key_app, name="payload-key", rich_help_panel=RUN)
app.command(rich_help_panel=RUN)(token)
app.command(rich_help_panel=RUN)(courier)
app.command(rich_help_panel=RUN)(migrate)
app.command(rich_help_panel=RUN)(replay)
app.add_typer(search_attributes_app, name="search-attributes", rich_help_panel=RUN)
app.add_typer(nexus_app, name="nexus", rich_help_panel=RUN)
app.add_typer(webhook_app, name="webhook", rich_help_panel=LISTEN)
app.add_typer(notices_app, name="notices", rich_help_panel=LISTEN)
app.add_typer(contact_app, name="contact", rich_help_panel=LISTEN)
app.add_typer(mailbox_app, name="mailbox", rich_help_panel=LISTEN)
app.add_typer(plan_app, name="plan", rich_help_panel=LOOK_UP)
cli_versions.register(plan_app, calendar_app)
app.add_typer(calendar_app, name="calendar", rich_help_panel=LOOK_UP)
cli_lifecycle.register(app)
app.command(rich_help_panel=LOOK_UP)(template)
app.command(rich_help_panel=LOOK_UP)(schema)


def main() -> None:
    """Run the command line and end the process."""
    finish(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and give its exit status; never raises."""
    try:
        app(arguments, prog_name="zhicheng")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:  # the last line of defence: a user never sees a traceback
        reason = " ".join(str(error).split()) or "no reason given"
        sys.stderr.write(f"Unexpected {type(error).__name__}: {reason[:500]}. Please report it.\n")
        return 1
    return 0
