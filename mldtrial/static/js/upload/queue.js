// Several uploads side by side: at most three send at a time, and none waits for one that stands.

const AT_ONCE = 3;
const WINDOW_MS = 10000;

/** The uploads of a page, and how fast they go together. */
export class Queue {
  constructor() {
    this.transfers = [];
    this.samples = [];
    window.addEventListener("offline", () => this.each("sending", (one) => one.wait()));
    window.addEventListener("online", () => this.each("waiting", (one) => this.enqueue(one)));
  }

  add(transfer) {
    transfer.again = () => this.enqueue(transfer);
    this.transfers.push(transfer);
  }

  remove(transfer) {
    this.transfers = this.transfers.filter((one) => one !== transfer);
  }

  /** Send a transfer as soon as there is room. */
  enqueue(transfer) {
    transfer.move("queued");
    this.advance();
  }

  pauseAll() {
    // First those that have not begun: room that becomes free is not for them.
    this.each("queued", (one) => one.pause());
    this.transfers.filter((one) => one.isMoving).forEach((one) => one.pause());
  }

  resumeAll() {
    this.transfers
      .filter((one) => ["paused", "stopped"].includes(one.state))
      .forEach((one) => this.enqueue(one));
  }

  /** Give free room to those that have waited longest; to be called after every change. */
  advance() {
    const sending = this.transfers.filter((one) => one.state === "sending").length;
    const next = this.transfers.filter((one) => one.state === "queued");
    next.slice(0, Math.max(0, AT_ONCE - sending)).forEach((one) => one.send());
  }

  each(state, act) {
    this.transfers.filter((one) => one.state === state).forEach(act);
  }

  /** Return the bytes of all that are under way or done, sent and in all. */
  progress() {
    const isOut = (one) => ["ready", "refused", "cancelled"].includes(one.state);
    const counted = this.transfers.filter((one) => !isOut(one));
    return { sent: sumOf(counted, "sentBytes"), total: sumOf(counted, "totalBytes") };
  }

  /** Return bytes per second over the last seconds; null while that is not known. */
  rate(now) {
    this.samples.push({ now, moved: sumOf(this.transfers, "movedBytes") });
    while (now - this.samples[0].now > WINDOW_MS) this.samples.shift();
    const [first] = this.samples;
    const last = this.samples.at(-1);
    if (now - first.now < 1000) return null;
    return Math.max(0, (1000 * (last.moved - first.moved)) / (now - first.now));
  }
}

const sumOf = (transfers, key) => transfers.reduce((total, one) => total + one[key], 0);
