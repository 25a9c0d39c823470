// One upload on its way, by the protocol tus 1.0: sent in pieces, taken up again where it stopped.
//
// States: ready, queued, sending, waiting (the line is cut; it tries again by itself), paused,
// stopped (somebody has to do something first), received, refused, cancelled.

import { base64, CheckedStack } from "./checksum.js";
import { headOf } from "./content.js";
import { addresses, forget, keyOf } from "./fingerprint.js";

const PIECE_BYTES = 8 * 1024 * 1024;
const RETRY_MS = [1000, 2000, 5000, 10000, 20000];
const RETRY_AGAIN_MS = 30000;
// Longer than the server takes for the check at the end of an upload, and than a slow line for
// the smallest progress that a browser reports.
const SILENT_MS = 120000;
const HEAD_BYTES = 512;
const TRY_AGAIN = new Set([0, 408, 409, 423, 425, 460, 502, 503, 504]);
// The person may not just now, too many are under way, or there is no room: what was sent stays.
const MENDED_BY_SOMEBODY = new Set([403, 429, 500, 507]);

const UNREADABLE =
  "The files cannot be read any more: they were changed, moved or taken out. Choose them again.";

class SignedOut extends Error {}

/** Something that may be sent, and how far it is. */
export class Transfer {
  /**
   * @param {object} item - as `itemsOf` makes it
   * @param {object} facts - of the page: endpoint, user
   * @param {function} changed - called after every change
   */
  constructor(item, facts, changed) {
    this.item = item;
    this.facts = facts;
    this.changed = changed;
    this.state = item.problem ? "refused" : "ready";
    this.message = item.problem;
    this.mayTryAgain = false; // a refusal of the server: a declaration may have been wrong
    this.declared = {};
    this.sentBytes = 0;
    this.totalBytes = item.blob ? item.blob.size : 0;
    this.movedBytes = 0; // by this page; what the server had already does not count
    this.upload = null;
    this.preparing = null;
    this.starts = 0;
    this.timers = {};
    this.again = () => this.send();
  }

  /** Tell whether leaving the page would interrupt it. */
  get isMoving() {
    return ["queued", "sending", "waiting"].includes(this.state);
  }

  /** Tell whether nothing is left to be done about it. */
  get isOver() {
    return ["received", "refused", "cancelled"].includes(this.state);
  }

  /** Send it, or go on where it stopped. */
  async send() {
    this.starts += 1;
    const start = this.starts;
    this.mayTryAgain = false;
    this.isAtStart = true;
    this.clear(); // a try that was set for later is this one
    this.move("sending");
    this.watch();
    try {
      this.preparing ??= this.prepared();
      this.upload = await this.preparing;
    } catch {
      this.preparing = null;
      this.finish("refused", UNREADABLE);
      return;
    }
    // It may have been paused, and even sent again, while its files were read.
    if (start === this.starts && this.state === "sending") this.upload.start();
  }

  /** Stop for now; what the server has stays there. */
  pause() {
    this.halt("paused");
  }

  /** Stop because the line is cut; `send` is to be called when it is back. */
  wait() {
    this.halt("waiting");
  }

  /** Stop for good, and have the server delete what it has; return whether it could be told. */
  async cancel() {
    this.halt("cancelled");
    const url = this.upload?.url;
    if (!url) return true;
    forget(url);
    return this.upload.abort(true).then(
      () => true,
      // What has ended at the server is gone as well.
      (error) => [404, 410].includes(error.originalResponse?.getStatus()),
    );
  }

  halt(state) {
    this.clear();
    this.move(state);
    this.upload?.abort();
  }

  move(state, message = "") {
    this.state = state;
    this.message = message;
    this.changed(this);
  }

  async prepared() {
    // Declared otherwise, it is another upload: what the server has keeps its declaration.
    const where = [this.facts.endpoint, this.facts.user, this.declared];
    const [metadata, fingerprint] = await Promise.all([
      this.metadata(),
      keyOf(this.item.mark, where),
    ]);
    const upload = new tus.Upload(this.item.blob, {
      endpoint: this.facts.endpoint,
      chunkSize: PIECE_BYTES,
      retryDelays: null, // it is tried again below, for as long as it takes
      fingerprint: async () => fingerprint,
      urlStorage: addresses,
      storeFingerprintForResuming: tus.canStoreURLs,
      removeFingerprintOnSuccess: true,
      metadata,
      httpStack: new CheckedStack(() => this.state === "sending"),
      onBeforeRequest: (request) => this.beforeRequest(request),
      onAfterResponse: (request, response) => this.afterResponse(request, response),
      onProgress: (sent) => this.progressed(sent),
      onSuccess: () => this.finish("received"),
      onError: (error) => this.failed(error),
    });
    const [known] = await upload.findPreviousUploads();
    if (known) upload.resumeFromPreviousUpload(known);
    return upload;
  }

  // Never a name; the first bytes are text twice over, since text is all that the client sends.
  async metadata() {
    const head = base64(await headOf(this.item.blob, HEAD_BYTES));
    return Object.fromEntries(
      Object.entries({ head, ...this.declared }).filter(([, value]) => value),
    );
  }

  beforeRequest(request) {
    if (this.state !== "sending" && request.getMethod() !== "DELETE") throw new Error("halted");
    // As it is now: after signing in again in another tab it is another one.
    request.setHeader("X-CSRFToken", this.facts.csrfToken());
  }

  afterResponse(request, response) {
    const { responseURL } = response.getUnderlyingObject();
    const asked = new URL(request.getURL(), window.location.href);
    if (response.getStatus() === 401 || new URL(responseURL).pathname !== asked.pathname) {
      throw new SignedOut();
    }
    // The client would begin anew, although what the server has is still there.
    if (request.getMethod() === "HEAD" && response.getStatus() >= 500) throw new Error("not now");
  }

  progressed(sent) {
    if (!this.isAtStart) this.movedBytes += Math.max(0, sent - this.sentBytes);
    this.isAtStart = false;
    this.sentBytes = sent;
    if (this.state === "sending") this.watch();
    this.changed(this);
  }

  async failed(error) {
    if (this.state !== "sending") return;
    if (error.causingError instanceof SignedOut) {
      this.finish("stopped", "You were signed out. Sign in again in another tab, then go on here.");
      return;
    }
    if (isAnAnswer(error)) {
      this.refusedBy(error.originalResponse);
      return;
    }
    const isReadable = await this.isReadable();
    if (this.state !== "sending") return; // paused or cancelled meanwhile
    if (isReadable) this.tryLater();
    else this.finish("refused", UNREADABLE);
  }

  refusedBy(response) {
    if (MENDED_BY_SOMEBODY.has(response.getStatus())) {
      this.finish("stopped", messageOf(response));
      return;
    }
    // Its address stays known: a lock that was in the way may be gone at the next try.
    this.preparing = null;
    this.sentBytes = 0;
    this.mayTryAgain = true;
    this.finish("refused", messageOf(response));
  }

  tryLater() {
    this.attempt = this.sentBytes > (this.sentBefore ?? -1) ? 0 : (this.attempt ?? 0) + 1;
    this.sentBefore = this.sentBytes;
    this.clear();
    this.move("waiting");
    if (!navigator.onLine) return; // the browser says when the line is back
    this.timers.retry = setTimeout(() => this.again(), RETRY_MS[this.attempt] ?? RETRY_AGAIN_MS);
  }

  // A line can be cut without anybody being told: nothing comes and nothing fails.
  watch() {
    clearTimeout(this.timers.silence);
    this.timers.silence = setTimeout(() => {
      this.upload?.abort();
      this.tryLater();
    }, SILENT_MS);
  }

  async isReadable() {
    const last = this.item.files.at(-1);
    return Promise.all([this.item.files[0], last].map((file) => headOf(file, 1))).then(
      () => true,
      () => false,
    );
  }

  finish(state, message = "") {
    this.clear();
    if (state === "received") this.sentBytes = this.totalBytes;
    this.move(state, message);
  }

  clear() {
    Object.values(this.timers).forEach(clearTimeout);
    this.timers = {};
  }
}

// A piece that did not arrive as it was sent is sent again; what begins an upload is not.
function isAnAnswer(error) {
  const status = error.originalResponse?.getStatus() ?? 0;
  if (status === 400) return error.originalRequest.getMethod() === "POST";
  return status >= 400 && !TRY_AGAIN.has(status);
}

function messageOf(response) {
  try {
    return JSON.parse(response.getBody()).message || unexplained(response);
  } catch {
    return unexplained(response);
  }
}

const unexplained = (response) =>
  `The server gave no reason (status ${response.getStatus()}). Try again; if it stays so, tell the administrator.`;
