// How one upload is shown: a card with what it is, how far it is, and what can be done.

import { bytes, count, percent } from "./words.js";

const SAID = {
  queued: "Waiting for its turn",
  waiting: "No connection. It goes on by itself as soon as there is one.",
  paused: "Paused",
  received: "Received; it will be checked now",
};
const BADGES = {
  ready: ["queued", "Ready"],
  queued: ["queued", "Waiting"],
  sending: ["running", "Sending"],
  waiting: ["waiting", "No connection"],
  paused: ["queued", "Paused"],
  stopped: ["open", "Stopped"],
  received: ["succeeded", "Received"],
  refused: ["refused", "Refused"],
  cancelled: ["cancelled", "Cancelled"],
};
const HOLDS = { dicom: "image", archive: "archive", nifti: "NIfTI image" };

/** The card of a transfer. */
export class ItemView {
  /**
   * @param {HTMLTemplateElement} template
   * @param {Transfer} transfer
   * @param {object} actions - pause, resume and remove, each called with the transfer
   */
  constructor(template, transfer, actions) {
    this.transfer = transfer;
    this.element = template.content.firstElementChild.cloneNode(true);
    this.parts = Object.fromEntries(
      [...this.element.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]),
    );
    this.name();
    this.listen(actions);
    this.show();
  }

  name() {
    const { item } = this.transfer;
    const { title, declare, sequence, day } = this.parts;
    title.textContent = item.title;
    title.id = `upload-${ItemView.made}-title`;
    ItemView.made += 1;
    this.element.setAttribute("aria-labelledby", title.id);
    this.element.querySelectorAll("[data-of]").forEach((name) => {
      name.textContent = ` of ${item.title}`;
    });
    if (!this.asks) {
      declare.remove();
      return;
    }
    sequence.id = `${title.id}-sequence`;
    day.id = `${title.id}-day`;
    declare.querySelector("[data-for=sequence]").htmlFor = sequence.id;
    declare.querySelector("[data-for=day]").htmlFor = day.id;
  }

  /** Whether the person has to say what the file does not. */
  get asks() {
    const { form, problem } = this.transfer.item;
    return form === "nifti" && !problem;
  }

  listen({ pause, resume, remove }) {
    const { parts, transfer } = this;
    parts.pause.addEventListener("click", () => pause(transfer));
    parts.resume.addEventListener("click", () => this.declared() && resume(transfer));
    parts.cancel.addEventListener("click", () => (this.isUnderWay() ? this.ask(true) : remove(transfer)));
    parts.keep.addEventListener("click", () => this.ask(false));
    parts.discard.addEventListener("click", () => remove(transfer));
    parts.sequence.addEventListener("change", () => this.complain(""));
  }

  isUnderWay() {
    return !["ready", "refused", "received"].includes(this.transfer.state);
  }

  /** Ask whether what was sent is to be deleted; nothing stops before the answer. */
  ask(asking) {
    this.parts.sure.hidden = !asking;
    this.parts.buttons.hidden = asking;
    (asking ? this.parts.keep : this.parts.cancel).focus();
  }

  /** Take over what the person declared of a NIfTI image; false, with a word, if it is missing. */
  declared() {
    const { sequence, day } = this.parts;
    if (!this.asks) return true;
    if (!sequence.value) return this.complain("Say which sequence it is: NIfTI files do not.", sequence);
    if (!day.value) return this.complain("Give the day of the scan: NIfTI files do not say it.", day);
    this.transfer.declared = { sequence: sequence.value, acquired_on: day.value };
    return true;
  }

  complain(words, field = this.parts.sequence) {
    const { fault, sequence, day } = this.parts;
    fault.textContent = words;
    fault.hidden = !words;
    [sequence, day].forEach((one) => one.removeAttribute("aria-invalid"));
    if (words) {
      field.setAttribute("aria-invalid", "true");
      field.focus();
    }
    return !words;
  }

  /** Show the transfer as it is now. */
  show() {
    const { parts, transfer } = this;
    const { state, message } = transfer;
    this.element.dataset.state = state;
    this.badge(state);
    if (!this.isUnderWay()) {
      parts.sure.hidden = true;
      parts.buttons.hidden = false;
    }
    const shows = ["queued", "sending", "waiting", "paused", "stopped"].includes(state);
    parts.bar.hidden = !shows;
    parts.bar.value = percent(transfer.sentBytes, transfer.totalBytes);
    parts.words.textContent = this.words();
    parts.words.hidden = !parts.words.textContent;
    parts.problem.textContent = message;
    parts.problem.hidden = !message;
    parts.pause.hidden = !transfer.isMoving;
    parts.resume.hidden = !["paused", "stopped"].includes(state) && !transfer.mayTryAgain;
    parts.resumeWord.textContent = transfer.mayTryAgain ? "Try again" : "Go on";
    parts.cancelWord.textContent = this.isUnderWay() ? "Cancel" : "Remove";
    parts.cancel.hidden = state === "received";
    parts.declare.hidden = state !== "ready" && !transfer.mayTryAgain;
    parts.size.textContent = describe(transfer.item, parts.declare.hidden && transfer.declared);
  }

  badge(state) {
    const [icon, word] = BADGES[state];
    const { badge, badgeWord, badgeIcon } = this.parts;
    if (badgeWord.textContent === word) return;
    badge.className = `state state-${icon}`;
    badgeWord.textContent = word;
    badgeIcon.setAttribute("href", badgeIcon.getAttribute("href").replace(/#.*/, `#state-${icon}`));
  }

  words() {
    const { state, sentBytes, totalBytes } = this.transfer;
    const share = `${percent(sentBytes, totalBytes)} % · ${bytes(sentBytes)} of ${bytes(totalBytes)}`;
    if (state === "sending") {
      return sentBytes === totalBytes ? "All sent. The server checks it ..." : share;
    }
    if (state === "paused" || state === "stopped") return share;
    return SAID[state] ?? "";
  }
}
ItemView.made = 0;

function describe({ form, files, blob, leftOut }, declared) {
  if (!blob) return "";
  const what = form === "dicom" ? count(files.length, HOLDS.dicom) : HOLDS[form];
  const parts = [`${what}, ${bytes(blob.size)}`];
  if (leftOut) parts.push(`${count(leftOut, "other file")} left out, no image`);
  if (declared?.sequence) parts.push(`${declared.sequence} of ${declared.acquired_on}`);
  return parts.join(" · ");
}
