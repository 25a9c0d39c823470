// What of the headers goes, stays and is changed, shown before anything is sent. Names of
// attributes only: what they say is shown nowhere.

import { bytes, count } from "../words.js";
import { indexed } from "./outcome.js";
import { imagesOf } from "./images.js";
import { seriesOf } from "./series.js";

const FATES = [
  ["remove", "Removed"],
  ["replace", "Replaced by the trial's own"],
  ["shift", "Dates, moved by a secret number of days"],
  ["remap", "Replaced by a code that only the trial can make"],
  ["keep", "Kept"],
];
const OF_NIFTI =
  "A NIfTI image has no fields for a patient. Its header is written anew: free texts and " +
  "additions are not kept.";
const NOT_SHOWN =
  "What is removed could not be shown here. The server does it all the same, before anything is kept.";

let procedure = null;
let last = Promise.resolve();

/** Show in an element what becomes of the headers of an item; one item after another.
 *
 * @param {object} facts - of the page: procedureUrl, marks
 */
export function preview(item, element, facts) {
  if (item.problem) return;
  if (item.form === "nifti") {
    element.append(paragraph("sub", OF_NIFTI));
    return;
  }
  const note = paragraph("sub", "Reading the headers ...");
  element.append(note);
  last = last.then(() => look(item, element, note, facts)).catch(() => {
    note.textContent = NOT_SHOWN;
  });
}

async function look(item, element, note, { procedureUrl, marks }) {
  procedure ??= indexed(await fetched(procedureUrl));
  const all = item.form === "archive" ? "" : ` of ${item.files.length.toLocaleString("en-GB")}`;
  const found = await seriesOf(imagesOf(item, marks), procedure, (done) => {
    note.textContent = `Reading the headers of the images: ${done.toLocaleString("en-GB")}${all} ...`;
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

function warnings({ series, unreadable, patients, days }) {
  const words = [];
  const apart = [
    ...(patients > 1 ? [`name ${patients} different patients`] : []),
    ...(days > 1 ? [`were made on ${days} different days`] : []),
  ].join(" and ");
  if (apart) {
    words.push(
      `These images ${apart}. Choose those of this patient and visit; or send all of them, and decide ` +
        "afterwards where each belongs: what does not fit waits for you and is used for nothing.",
    );
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
    const what = `${one.modality || "no modality"}, ${imagesIn(one)}, ${bytes(one.bytes)}`;
    groups.get(key).push({ name: `Series ${at + 1} (${what})`, one });
  });
  return [...groups.values()].map((found) => [listed(found.map(({ name }) => name)), found[0].one]);
}

const listed = (names) => [names.slice(0, -1).join(", "), names.at(-1)].filter(Boolean).join(" and ");
const imagesIn = ({ images, frames }) =>
  frames ? `${count(frames, "frame")} in ${count(images, "enhanced object")}` : count(images, "image");

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
    names.textContent = [...ofThePatientFirst(tags).map((tag) => nameOf(tag, fate, outcome.source)), ...ownOf(secret)].join(", ");
    element.append(term, names);
  }
  return element;
}

const ofThePatientFirst = (tags) => {
  const isOfPatient = (tag) => tag.startsWith("0010");
  return [...tags.filter(isOfPatient), ...tags.filter((tag) => !isOfPatient(tag))];
};

function nameOf(tag, fate, source) {
  const rule = procedure.rules.get(tag);
  const name = rule?.name ?? plainName(tag);
  if (source[tag]) return `${name} (from ${plainName(source[tag])})`;
  return fate === "replace" ? `${name} (${rule.replaced_by})` : name;
}

const plainName = (tag) => procedure.names[tag] ?? `(${tag.slice(0, 4)},${tag.slice(4)})`;
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
