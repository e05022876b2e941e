// A stranger's program: a whole life, from the draft to the archive, by updates and by signals, with nothing but
// the published contract. It prints one JSON line a step; {"pass": days} asks for time to pass, and it goes on
// when a line comes back.

import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { Contract, type Json } from "./contract.ts";
import { Door, Refused } from "./door.ts";

const [folder, address, taskQueue, realStart] = process.argv.slice(2);
const contract = new Contract(folder!);
const door = await Door.open(contract, address!, taskQueue!);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

const reference = `ts-${randomUUID().slice(0, 12)}`;
const employer = "tj-metrology-institute";
const sha = (text: string) => createHash("sha256").update(text).digest("hex");
const application = await door.start({
  plan_id: "tianjin-quality-2023",
  application_ref: reference,
  applicant: `person-${reference}`,
  employer: { id: employer },
  department: "tj-scjg-personnel",
  specialty: "metrology",
  level: "deputy_senior",
  clock: { real_start: realStart, business_start: "2023-09-20T09:00:00+08:00" },
});

const organisations: Record<string, string | null> = {
  applicant: null,
  employer,
  department: "tj-scjg-personnel",
  office: "tj-scjg-title-office",
  chair: "tj-eng-qmsd-2023",
  city_office: "tj-rsj-title-office",
  archive: "tj-personnel-archive",
};
let sent = 0;
function command(kind: string, role: string, fields: Json = {}): Json {
  const id = role === "applicant" ? `person-${reference}` : `${role}-1`;
  return {
    kind,
    actor: { id, role, organisation: organisations[role] },
    command_id: `${reference}-${++sent}`,
    ...fields,
  };
}
function print(line: Json): void {
  console.log(JSON.stringify(line));
}
async function decide(kind: string, role: string, fields: Json = {}): Promise<Json> {
  const receipt = await application.decide(command(kind, role, fields));
  print({ kind, stage: receipt.stage, revision: receipt.revision });
  return receipt;
}
// The signal twin: no answer, so the state says when it has come through.
async function tell(kind: string, role: string, stage: string, fields: Json = {}): Promise<void> {
  await application.tell(command(kind, role, fields));
  const state = await application.until((now) => now.stage === stage, `in ${stage} after ${kind}`);
  print({ kind, stage: state.stage, revision: state.revision, signal: true });
}
async function refused(body: Json, unchecked = false): Promise<Json> {
  try {
    await application.decide(body, { unchecked });
  } catch (error) {
    if (error instanceof Refused) {
      print({ kind: body.kind, refused: error.refusal.code });
      return error.refusal;
    }
    throw error;
  }
  throw new Error(`${body.kind} was not refused`);
}
async function pass(days: number, stage?: string): Promise<void> {
  print({ pass: days, workflow_id: application.handle.workflowId });
  await lines.next();
  if (stage) await application.until((now) => now.stage === stage, `in ${stage} after ${days} days`);
}

// A dossier, refused while a field is wrong, accepted once it is right, and again with the same answer.
const part = (name: string, page: number) => ({
  name,
  first_page: page,
  last_page: page,
  sha256: sha(name),
  sealed_first_page: true,
  colour: true,
  dpi: 300,
});
const dossier = {
  specialty: "metrology",
  level: "deputy_senior",
  route: "normal",
  facts: {
    employment_kind: "institution",
    education: "bachelor",
    prior_title: "engineer",
    prior_title_since: "2016-12-01",
    ce_committed: true,
    truth_committed: true,
  },
  achievements: [
    {
      id: "paper-1",
      kind: "paper",
      title: "On the drift of pressure gauges",
      cn: "CN 11-2034/T",
      issn: "0317-8471",
      parts: ["cover", "copyright_page", "contents", "full_text"].map((name, at) => part(name, at + 1)),
    },
  ],
};
const unreadable = await refused(command("submit", "applicant", { dossier: { ...dossier, level: 7 } }), true);
assert.equal(unreadable.field, "dossier.level");
const early = await refused(command("review", "employer", { hop: "employer", outcome: "approve" }));
assert.ok(early.next.some((option: Json) => option.command === "submit"));

const submit = command("submit", "applicant", { dossier });
const first = await application.decide(submit);
const again = await application.decide(submit);
assert.deepEqual({ ...again, duplicate: undefined }, { ...first, duplicate: undefined });
assert.equal(again.duplicate, true);
const other = await refused({ ...submit, dossier: { ...dossier, route: "exam" } });
assert.equal(other.code, "reused_command_id");
print({ kind: "submit", stage: first.stage, revision: first.revision });

await tell("review", "employer", "employer_returned", {
  hop: "employer",
  outcome: "return",
  items: [{ id: "e1", text: "首页未加盖公章", part: "full_text" }],
});
const repaired = await decide("resubmit", "applicant", { answers: [{ item: "e1", text: "已补正" }] });
const stale = await refused(
  command("review", "employer", { hop: "employer", outcome: "approve", expected_revision: repaired.revision - 1 }),
);
assert.equal(stale.code, "stale_revision");
await decide("review", "employer", {
  hop: "employer",
  outcome: "approve",
  expected_revision: repaired.revision,
  attested: [
    "identity",
    "education",
    "years_of_service",
    "achievements",
    "awards",
    "continuing_education",
    "discipline",
    "seals",
  ],
});
await tell("start_publicity", "employer", "employer_publicity", {
  notice_sha256: sha("notice"),
  list_sha256: sha("list"),
  places: ["单位公告栏", "单位内网"],
});

// A signal that is refused does not vanish.
const wrong = command("confirm", "employer", { outcome: "confirm", report_ref: "津人社办函〔2024〕12号" });
await application.tell(wrong);
await application.until((now) => now.refused === 1, "refused");
const [kept] = await application.ask("refused");
assert.equal(kept.command_id, wrong.command_id);
assert.equal(kept.refusal.code, "wrong_role");
print({ kind: "confirm", refused: kept.refusal.code, signal: true });

await pass(9, "publicity_ended");
await decide("file_publicity_evidence", "employer", {
  image_sha256: sha("image"),
  statement: "公示期间未收到异议",
});
await tell("review", "department", "office_review", {
  hop: "department",
  outcome: "approve",
  attested: ["continuing_education", "materials"],
});
await decide("review", "office", { hop: "office", outcome: "approve", attested: ["check_list"] });
await pass(60);
await decide("schedule", "office", {
  meeting_ref: "meeting-ts",
  committee_ref: organisations.chair,
  committee_size: 11,
  committee_valid_until: "2025-12-31",
  drawn_on: "2023-11-27",
  meeting_on: "2023-12-06",
  conflicts_cleared: true,
});
await pass(8);
await tell("record_vote", "chair", "passed", {
  step: "counted",
  committee_size: 11,
  attending: 9,
  recused: 0,
  opinions: 3,
  yes: 8,
  no: 1,
  signed: true,
  sealed: true,
  minutes_sha256: sha("minutes"),
});
await pass(1);
const voted = (await application.ask("history")).find((fact: Json) => fact.to_stage === "passed");
const at = new Date(Date.parse(voted.at) + 60 * 60 * 1000).toISOString();
await decide("publish_result", "office", {
  list_sha256: sha("results"),
  postings: ["review_system", "scjg.tj.gov.cn"].map((place) => ({ place, posted_at: at })),
});
await pass(9, "confirm_pending");
await decide("confirm", "city_office", { outcome: "confirm", report_ref: "津人社办函〔2024〕12号" });
await application.until((now) => now.stage === "certified", "certified");
await decide("archive", "archive", { receipt_ref: "档收〔2024〕3号", form_sha256: sha("form") });

const state = await application.ask("state");
const history = await application.ask("history");
const deadlines = await application.ask("deadlines");
assert.equal(state.stage, "archived");
assert.ok(deadlines.length > 0);
assert.equal(history.at(-1).hash, state.chain);
print({ reference, stage: state.stage, events: history.map((fact: Json) => fact.event) });
await door.close();
process.exit(0);
