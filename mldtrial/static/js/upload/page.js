// The page of a visit's upload: choose or drop, look, send, go on after a break. Without this
// script the plain form of the page works as it is.

import { ofDrop, ofPicker } from "./chosen.js";
import { forget, isKnownHere, markOf, pathOf } from "./fingerprint.js";
import { ItemView } from "./item_view.js";
import { preview } from "./preview/view.js";
import { Queue } from "./queue.js";
import { itemsOf } from "./sorting.js";
import { Transfer } from "./transfer.js";
import { bytes, count, duration, percent } from "./words.js";

const LEAVE_AFTER_MS = 3000;
const TURN_MS = 500;

const root = document.querySelector("[data-uploader]");
const part = (name) => root.querySelector(`[data-page="${name}"]`);
const facts = {
  ...JSON.parse(document.getElementById("upload-facts").textContent),
  csrfToken,
};
const queue = new Queue();
const views = new Map();
const { title } = document;
let leaving = null;

function begin() {
  const plain = document.getElementById("plain-upload");
  if (!plain.querySelector(".has-error, #form-errors")) plain.closest("details").open = false;
  root.hidden = false;
  forget(null);
  for (const kind of ["folder", "files"]) {
    const input = part(`input-${kind}`);
    part(`choose-${kind}`).addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      take(Promise.resolve(ofPicker(input)));
      input.value = "";
    });
  }
  takeDrops();
  part("send").addEventListener("click", sendAll);
  part("pause-all").addEventListener("click", () => queue.pauseAll());
  part("resume-all").addEventListener("click", () => queue.resumeAll());
  root.querySelectorAll("[data-unfinished]").forEach(offerToDiscard);
  window.addEventListener("beforeunload", (event) => {
    if (queue.transfers.some((one) => one.isMoving)) event.preventDefault();
  });
  setInterval(showTotals, TURN_MS);
}

// The cookie is fresher than the page, where somebody signed in again in another tab.
function csrfToken() {
  const cookies = document.cookie.split("; ").map((cookie) => cookie.split("="));
  const [, token] = cookies.find(([name]) => name === facts.csrfCookie) ?? [];
  return token ?? document.querySelector("[name=csrfmiddlewaretoken]").value;
}

function takeDrops() {
  const zone = part("drop");
  let depth = 0;
  const mark = (change) => {
    depth = Math.max(0, depth + change);
    zone.classList.toggle("is-over", depth > 0);
  };
  // A file that falls beside the zone must not replace the page.
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("dragenter", () => mark(1));
  document.addEventListener("dragleave", () => mark(-1));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(-depth);
    if (event.dataTransfer?.types.includes("Files")) take(ofDrop(event.dataTransfer));
  });
}

async function take(promised) {
  clearTimeout(leaving);
  const note = part("reading");
  note.hidden = false;
  note.textContent = "Looking at the files ...";
  try {
    for (const group of await promised) {
      const items = await itemsOf(group, facts, (done, all) => {
        note.textContent = `Looking at the files: ${done.toLocaleString("en-GB")} of ${count(all, "file")} ...`;
      });
      for (const item of items) {
        item.mark = await markOf(item.files);
        add(item);
      }
    }
    note.hidden = true;
  } catch {
    note.textContent = "The browser could not read what was chosen. Copy it to your own folder and choose it again.";
  }
}

function add(item) {
  if (item.blob && queue.transfers.some((one) => isSame(one, item))) {
    say(`${item.title} is in the list already.`);
    return;
  }
  const transfer = new Transfer(item, facts, changed);
  const view = new ItemView(document.getElementById("upload-item"), transfer, {
    pause: (one) => one.pause(),
    resume: enqueue,
    remove,
  });
  queue.add(transfer);
  views.set(transfer, view);
  part("list").append(view.element);
  preview(item, view.parts.preview, facts);
  say(item.problem ? `${item.title} cannot be sent. ${item.problem}` : `${item.title} is ready.`);
  showTotals();
}

function isSame({ item, isOver }, { mark }) {
  return !isOver && mark !== null && item.mark === mark;
}

async function remove(transfer) {
  const name = transfer.item.title;
  const wasToldOf = await transfer.cancel();
  queue.remove(transfer);
  views.get(transfer).element.remove();
  views.delete(transfer);
  queue.advance();
  part("choose-folder").focus();
  say(
    wasToldOf
      ? `${name} was removed.`
      : `${name} was removed here. The server could not be told; it deletes what it has after a week.`,
  );
  showTotals();
}

function sendAll() {
  const ready = queue.transfers.filter((one) => one.state === "ready");
  if (ready.every((one) => views.get(one).declared())) ready.forEach(enqueue);
}

function enqueue(transfer) {
  transfer.declared.after_end_reason =
    document.querySelector("[name=after_end_reason]")?.value ?? "";
  queue.enqueue(transfer);
}

const SPOKEN = {
  waiting: "No connection. It goes on by itself.",
  paused: "Paused.",
  received: "Received.",
};

function changed(transfer) {
  const view = views.get(transfer);
  if (!view) return;
  const before = view.element.dataset.state;
  view.show();
  hideUnfinished(transfer.upload?.url);
  if (transfer.state === before) return;
  const spoken = transfer.message || SPOKEN[transfer.state];
  if (spoken) say(`${transfer.item.title}: ${spoken}`);
  queue.advance();
  showTotals();
  endIfDone();
}

function showTotals() {
  const of = (...states) => queue.transfers.filter((one) => states.includes(one.state)).length;
  const { sent, total } = queue.progress();
  const rate = queue.rate(performance.now());
  const ready = of("ready");
  const moving = of("queued", "sending", "waiting");
  part("send").hidden = !ready;
  part("send-word").textContent = ready === 1 ? "Send" : `Send all ${ready}`;
  part("pause-all").hidden = queue.transfers.length < 2 || !moving;
  part("resume-all").hidden = queue.transfers.length < 2 || !of("paused", "stopped");
  part("totals").hidden = !total || of("received") === queue.transfers.length;
  part("bar").value = percent(sent, total);
  part("words").textContent = [
    `${percent(sent, total)} %`,
    `${bytes(sent)} of ${bytes(total)}`,
    ...pace(rate, total - sent, of("sending")),
  ].join(" · ");
  part("actions").hidden = !queue.transfers.length;
  document.title = moving ? `${percent(sent, total)} % · ${title}` : title;
}

function pace(rate, left, sending) {
  if (!sending || !rate || !left) return [];
  return [`${bytes(Math.round(rate))} a second`, `${duration(left / rate)} left`];
}

function endIfDone() {
  const { transfers } = queue;
  const received = transfers.filter((one) => one.state === "received");
  const isDone = transfers.length > 0 && received.length === transfers.length;
  part("done").hidden = !received.length || transfers.some((one) => !one.isOver);
  if (part("done").hidden) return;
  part("done-word").textContent = isDone
    ? `All in: ${count(received.length, "upload")} received. The images are checked now. The patient's page shows how far they are, and what waits for a decision.`
    : `${count(received.length, "upload")} received; ${count(transfers.length - received.length, "other")} refused, see above.`;
  part("done-link").focus();
  if (isDone) leaving = setTimeout(() => window.location.assign(facts.patientUrl), LEAVE_AFTER_MS);
}

function offerToDiscard(row) {
  const url = row.dataset.unfinished;
  const here = isKnownHere(url);
  row.querySelector("[data-here]").hidden = !here;
  row.querySelector("[data-elsewhere]").hidden = here;
  row.querySelector("button").addEventListener("click", async () => {
    const answer = await fetch(url, {
      method: "DELETE",
      headers: { "X-CSRFToken": facts.csrfToken(), "Tus-Resumable": "1.0.0" },
    }).catch(() => null);
    if (!answer || (!answer.ok && answer.status !== 404 && answer.status !== 410)) {
      say("It could not be deleted. Try again.");
      return;
    }
    forget(url);
    row.remove();
    say("The unfinished upload was deleted.");
    part("choose-folder").focus();
  });
}

// Once its files were chosen again, an unfinished upload has a card of its own.
function hideUnfinished(url) {
  root.querySelectorAll("[data-unfinished]").forEach((row) => {
    if (row.dataset.unfinished === pathOf(url)) row.hidden = true;
  });
}

/** Have a screen reader say something; what is seen says it already. */
function say(words) {
  part("say").textContent = words;
}

if (root && tus.isSupported) begin();
