// Looks a certificate number up in certificates.json. The number is typed, or stands in the address (?n=NUMBER&h=HASH).
"use strict";

const form = document.getElementById("look-up");
const result = document.getElementById("result");
let index;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  show(form.elements.n.value, "");
});

const asked = new URLSearchParams(window.location.search);
if (asked.has("n")) {
  form.elements.n.value = asked.get("n");
  show(asked.get("n"), asked.get("h") || "");
}

async function show(given, hash) {
  const number = given.trim().toUpperCase();
  if (number === "") return;
  let found;
  try {
    index = index || (await read(form.dataset.index));
    found = index.certificates.find((one) => one.number.toUpperCase() === number);
  } catch {
    return say("failed", form.dataset.failed, []);
  }
  if (found === undefined) return say("unknown", `${number}${form.dataset.colon}${form.dataset.unknown}`, []);
  const rows = [[form.dataset.since, found.title_date]];
  if (found.revoked_on) rows.push([form.dataset.revokedon, found.revoked_on]);
  if (found.content_sha256) rows.push([form.dataset.hash, found.content_sha256]);
  if (found.status !== "valid") return say("revoked", `${number}${form.dataset.colon}${form.dataset.revoked}`, rows);
  const differs = hash !== "" && !(found.content_sha256 || "").startsWith(hash.toLowerCase());
  if (differs) return say("differs", `${number}${form.dataset.colon}${form.dataset.differs}`, rows);
  say("valid", `${number}${form.dataset.colon}${form.dataset.valid}`, rows);
}

async function read(address) {
  const answer = await fetch(address, { cache: "no-cache" });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

function say(standing, sentence, rows) {
  const words = document.createElement("p");
  words.textContent = sentence;
  const list = document.createElement("dl");
  for (const [name, value] of rows) {
    const term = document.createElement("dt");
    term.textContent = name;
    const detail = document.createElement("dd");
    detail.textContent = value;
    list.append(term, detail);
  }
  result.dataset.standing = standing;
  result.replaceChildren(words, ...(rows.length ? [list] : []));
}
