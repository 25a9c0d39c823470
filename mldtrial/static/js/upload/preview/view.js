// What of the headers goes, stays and is changed, shown before anything is sent. Names of
// attributes only: what they say is shown nowhere.

import { bytes, count } from "../words.js";
import { indexed } from "./outcome.js";
import { seriesOf } from "./series.js";

const FATES = [
  ["remove", "Removed"],
  ["replace", "Replaced by the trial's own"],
  ["shift", "Dates, moved by a secret number of days"],
  ["remap", "Replaced by a code that only the trial can make"],
  ["keep", "Kept"],
];
const CANNOT = {
  archive:
    "What an archive holds cannot be shown before it is sent. The same rules apply to it: " +
    "what is not needed is removed before anything is kept.",
  nifti:
    "A NIfTI image has no fields for a patient. Its header is written anew: free texts and " +
    "additions are not kept.",
};

let procedure = null;
let last = Promise.resolve();

/** Show in an element what becomes of the headers of an item; one item after another. */
export function preview(item, element, address) {
  if (item.problem) return;
  if (CANNOT[item.form]) {
    element.append(paragraph("sub", CANNOT[item.form]));
    return;
  }
  const note = paragraph("sub", "Reading the headers ...");
  element.append(note);
  last = last.then(() => look(item, element, note, address)).catch(() => {
    note.textContent =
      "What is removed could not be shown here. The server does it all the same, before anything is kept.";
  });
}

async function look(item, element, note, address) {
  procedure ??= indexed(await fetched(address));
  const found = await seriesOf(item.files, procedure, (done, all) => {
    note.textContent = `Reading the headers: ${done.toLocaleString("en-GB")} of ${count(all, "image")} ...`;
  });
  note.remove();
  element.append(...warnings(found));
  if (found.series.length) element.append(details(found.series));
}

async function fetched(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

function warnings({ series, unreadable, patients }) {
  const words = [];
  if (patients > 1) {
    words.push(`These images name ${patients} different patients. Choose those of one patient.`);
  }
  series.forEach(({ unsuited }, at) => {
    if (unsuited) words.push(`Series ${at + 1} will not be taken: ${unsuited}.`);
  });
  if (unreadable) {
    words.push(`${count(unreadable, "image")} could not be read here; the server says what is wrong.`);
  }
  return words.map((text) => paragraph("preview-warning", text));
}

function details(series) {
  const element = document.createElement("details");
  const summary = document.createElement("summary");
  const { outcome } = series[0];
  summary.textContent = `De-identification: ${gone(outcome)} attributes go, ${stay(outcome)} stay`;
  element.append(summary);
  element.append(
    paragraph(
      "sub",
      `By procedure ${procedure.version}, looked up in the first image of each series. The files ` +
        "travel as they are, over an encrypted line; the server does this before anything else " +
        "reads them, and then destroys what was sent. The image itself stays.",
    ),
  );
  for (const [names, same] of alike(series)) {
    const title = document.createElement("h3");
    title.textContent = names;
    element.append(title, list(same.outcome));
  }
  return element;
}

// Series of one examination mostly meet the same fate: that is said once.
function alike(series) {
  const groups = new Map();
  series.forEach((one, at) => {
    const key = JSON.stringify(one.outcome);
    if (!groups.has(key)) groups.set(key, []);
    const what = `${one.modality || "no modality"}, ${count(one.images, "image")}, ${bytes(one.bytes)}`;
    groups.get(key).push({ name: `Series ${at + 1} (${what})`, one });
  });
  return [...groups.values()].map((found) => [found.map(({ name }) => name).join(" and "), found[0].one]);
}

function list(outcome) {
  const element = document.createElement("dl");
  for (const [fate, title] of FATES) {
    const tags = outcome[fate];
    const secret = { remove: outcome.privateRemoved, keep: outcome.privateKept }[fate] ?? 0;
    if (!tags.length && !secret) continue;
    const term = document.createElement("dt");
    term.textContent = `${title}: ${tags.length + secret}`;
    const names = document.createElement("dd");
    names.dataset.fate = fate;
    names.dataset.tags = tags.join(" ");
    names.textContent = [...ofThePatientFirst(tags).map((tag) => nameOf(tag, fate)), ...ownOf(secret)].join(", ");
    element.append(term, names);
  }
  return element;
}

const ofThePatientFirst = (tags) => {
  const isOfPatient = (tag) => tag.startsWith("0010");
  return [...tags.filter(isOfPatient), ...tags.filter((tag) => !isOfPatient(tag))];
};

function nameOf(tag, fate) {
  const rule = procedure.rules.get(tag);
  const name = rule?.name ?? procedure.names[tag] ?? `(${tag.slice(0, 4)},${tag.slice(4)})`;
  return fate === "replace" ? `${name} (${rule.replaced_by})` : name;
}

const ownOf = (number) => (number ? [`${count(number, "attribute")} of the scanner's maker`] : []);
const gone = ({ remove, replace, privateRemoved }) => remove.length + replace.length + privateRemoved;
const stay = ({ keep, shift, remap, privateKept }) =>
  keep.length + privateKept + shift.length + remap.length;

function paragraph(kind, text) {
  const element = document.createElement("p");
  element.className = kind;
  element.textContent = text;
  return element;
}
