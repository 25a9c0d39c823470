// Draws every element with data-chart-url from the JSON it names, and with data-chart-from from
// the numbers that came with the page. No inline code, no eval.
(() => {
  "use strict";
  const CONFIG = {
    responsive: true,
    displaylogo: false,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
    toImageButtonOptions: { format: "svg" },
  };

  // The tag of what each chart shows: what has not changed is not sent and not drawn again.
  const tags = new WeakMap();

  function say(element, text) {
    element.textContent = text;
    element.style.height = "";
    element.classList.add("chart-message");
    element.setAttribute("role", "status");
  }

  const KINDS = { u1: Uint8Array, u2: Uint16Array, f4: Float32Array };

  // Returns the numbers of a packed array; what was sent in steps is divided again.
  function numbers({ bdata, dtype, per }) {
    const bytes = Uint8Array.from(atob(bdata), (letter) => letter.charCodeAt(0));
    const steps = new KINDS[dtype](bytes.buffer);
    return per ? Float32Array.from(steps, (step) => step / per) : steps;
  }

  // Returns codes in full; each was sent as what differs from the one before it.
  function codes(text) {
    let before = "";
    return text.split("\n").map((line) => {
      before = before.slice(0, parseInt(line[0], 36)) + line.slice(1);
      return before;
    });
  }

  // Returns the numbers of curves with a gap behind each, so that no line joins two patients.
  function apart(values, marks) {
    const found = new Float32Array(values.length + marks.length);
    let from = 0;
    marks.forEach((count, index) => {
      found.set(values.subarray(from, from + count), from + index);
      from += count;
      found[from + index] = NaN;
    });
    return found;
  }

  // Makes of a trace what plotly takes.
  function unpack(trace) {
    for (const axis of ["x", "y"]) {
      if (trace[axis]?.bdata) trace[axis] = numbers(trace[axis]);
    }
    if (!trace.meta?.marks) return;
    let marks = numbers(trace.meta.marks);
    if (trace.meta.apart) {
      for (const axis of ["x", "y"]) trace[axis] = apart(trace[axis], marks);
      marks = Array.from(marks, (count) => count + 1);
    }
    trace.meta = { subjects: codes(trace.meta.subjects), marks };
  }

  // Where a chart has too many marks for a label each, its traces tell how many each patient has.
  function search(element, point) {
    const meta = point?.data?.meta;
    if (!meta?.marks || !element.dataset.searchUrl) return undefined;
    let left = point.pointNumber;
    const at = meta.marks.findIndex((count) => (left -= count) < 0);
    return `${element.dataset.searchUrl}?q=${encodeURIComponent(meta.subjects[at])}`;
  }

  // Returns the figure of an element, or nothing where it has not changed.
  async function read(element) {
    const { chartFrom, chartUrl } = element.dataset;
    if (chartFrom) return { figure: JSON.parse(document.getElementById(chartFrom).dataset.figure) };
    const answer = await fetch(chartUrl, {
      headers: { Accept: "application/json", ...asked(element) },
      credentials: "same-origin",
    });
    if (answer.status === 304) return {};
    if (!answer.ok) throw new Error(String(answer.status));
    return { answer, figure: await answer.json() };
  }

  function cell(row, tag, text) {
    const made = row.appendChild(document.createElement(tag));
    made.textContent = text;
    return made;
  }

  // What a heat map says in colour and under the pointer, for who sees neither.
  function tabulate(element, figure) {
    const heat = figure.data.find((trace) => trace.type === "heatmap");
    const details = element.parentElement.querySelector(".chart-table");
    if (!details) return;
    details.hidden = !heat;
    if (!heat) return;
    const table = document.createElement("table");
    table.className = "table";
    const head = table.createTHead().insertRow();
    ["Group", ...heat.x].forEach((name) => (cell(head, "th", name).scope = "col"));
    const body = table.createTBody();
    heat.y.forEach((name, at) => {
      const row = body.insertRow();
      cell(row, "th", name).scope = "row";
      heat.customdata[at].forEach((words) => cell(row, "td", words));
    });
    const leftOut = figure.layout.meta?.left_out ?? [];
    const scrolled = details.querySelector("[role=region]");
    scrolled.replaceChildren(table);
    if (leftOut.length) {
      cell(scrolled, "p", `Not estimable with any score: ${leftOut.join("; ")}.`).className = "sub";
    }
  }

  async function draw(element) {
    element.setAttribute("aria-busy", "true");
    try {
      const { answer, figure } = await read(element);
      if (!figure) return;
      figure.data.forEach(unpack);
      if (element.classList.contains("chart-message")) {
        element.textContent = "";
        element.classList.remove("chart-message");
      }
      // Of a window that changes its width, plotly asks the element for its height, and forgets its own.
      element.style.height = figure.layout.height ? `${figure.layout.height}px` : "";
      await window.Plotly.react(element, figure.data, figure.layout, CONFIG);
      if (!element.dataset.chartDrawn) {
        element.on("plotly_click", (event) => {
          const target = event.points[0]?.customdata?.[0] ?? search(element, event.points[0]);
          if (typeof target === "string" && target.startsWith("/")) {
            window.location.assign(target);
          }
        });
      }
      tabulate(element, figure);
      element.dataset.chartDrawn = "true";
      if (answer) remember(element, answer);
    } catch {
      tags.delete(element);
      // Neither shown nor saved: what was drawn before is no longer what is there.
      if (element.dataset.chartDrawn) window.Plotly.purge(element);
      delete element.dataset.chartDrawn;
      say(element, "The chart could not be loaded. Reload the page to try again.");
    } finally {
      element.setAttribute("aria-busy", "false");
    }
  }

  function asked(element) {
    const seen = tags.get(element);
    return seen?.url === element.dataset.chartUrl ? { "If-None-Match": seen.tag } : {};
  }

  function remember(element, answer) {
    const tag = answer.headers.get("ETag");
    if (tag) tags.set(element, { tag, url: element.dataset.chartUrl });
  }

  function all() {
    return document.querySelectorAll("[data-chart-url], [data-chart-from]");
  }

  // As it is seen, zoom and hidden traces included; a PNG has twice the points of the screen.
  function save(button) {
    const chart = button.closest("figure").querySelector("[data-file-name]");
    if (!chart.dataset.chartDrawn) return;
    const format = button.dataset.chartImage;
    window.Plotly.downloadImage(chart, {
      format,
      filename: chart.dataset.fileName,
      width: chart.clientWidth,
      height: chart.clientHeight,
      scale: format === "png" ? 2 : 1,
    });
  }

  document.addEventListener("DOMContentLoaded", () => all().forEach(draw));
  // Sent by a visit whose segmentation has just finished.
  document.addEventListener("visit-finished", () => all().forEach(draw));
  document.addEventListener("chart-refresh", () => all().forEach(draw));
  // The numbers of the page arrived anew.
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    document.querySelectorAll(`[data-chart-from="${event.detail.target.id}"]`).forEach(draw);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-chart-image]");
    if (button) save(button);
  });
})();
