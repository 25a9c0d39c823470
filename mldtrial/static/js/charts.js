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

  // Below this width the tool bar would lie over the title, and text over several lines fits not.
  const NARROW_PX = 480;
  const LINE_PX = 17;
  const GAP_PX = 10;
  const ruler = document.createElement("canvas").getContext("2d");

  // Returns text with a line break wherever the next word would reach beyond the width.
  function wrapped(text, font, width) {
    ruler.font = `${font.size}px ${font.family}`;
    const fits = (line) => ruler.measureText(line).width <= width;
    return text
      .split("<br>")
      .map((line) =>
        line.split(" ").reduce((found, word) => {
          const last = found.split("<br>").at(-1);
          return found + (fits(`${last} ${word}`) ? " " : "<br>") + word;
        }),
      )
      .join("<br>");
  }

  const breaks = (text) => text.split("<br>").length - 1;

  // Fits a layout to a phone: its heading begins at the edge, in as many lines as it takes.
  function narrowed(layout, width) {
    const title = layout.title ?? {};
    const before = breaks(title.text ?? "") + breaks(title.subtitle?.text ?? "");
    const room = width - 2 * GAP_PX;
    const family = layout.font?.family ?? "sans-serif";
    for (const part of [title, title.subtitle]) {
      if (part?.text) part.text = wrapped(part.text, { size: part.font?.size ?? 16, family }, room);
    }
    const more = breaks(title.text ?? "") + breaks(title.subtitle?.text ?? "") - before;
    Object.assign(title, { x: 0, xref: "container", y: 1, yref: "container", yanchor: "top" });
    title.pad = { t: 6, l: GAP_PX };
    const margin = { ...layout.margin, t: (layout.margin?.t ?? 64) + LINE_PX * more };
    const height = layout.height && layout.height + LINE_PX * more;
    // A finger that moves over the figure moves the page.
    return { ...layout, title, margin, height, dragmode: false };
  }

  // Columns of a heat map are too narrow for words there: they stand upright.
  function upright(layout) {
    const ticktext = layout.xaxis.ticktext?.map((name) => name.replaceAll("<br>", " "));
    return {
      ...layout,
      height: layout.height && layout.height + 4 * LINE_PX,
      xaxis: { ...layout.xaxis, ticktext, tickangle: -90 },
    };
  }

  function fitted(element, { data, layout }) {
    if (element.clientWidth >= NARROW_PX) return layout;
    const found = narrowed(layout, element.clientWidth);
    return data.some((trace) => trace.type === "heatmap") ? upright(found) : found;
  }

  const height = (part) => part.getBoundingClientRect().height;
  const lowest = (element, parts) =>
    Math.max(...Array.from(element.querySelectorAll(parts), (e) => e.getBoundingClientRect().bottom));

  function plot(element, { data, layout }) {
    // Of a window that changes its width, plotly asks the element for its height, and forgets its own.
    element.style.height = layout.height ? `${layout.height}px` : "";
    const displayModeBar = element.clientWidth < NARROW_PX ? false : "hover";
    // Plotly writes what it changes into the layout that it is given.
    return window.Plotly.react(element, data, structuredClone(layout), { ...CONFIG, displayModeBar });
  }

  const figures = new WeakMap();

  // A legend has as many lines as the width leaves it: below the axis is room for just these.
  async function fitLegend(element) {
    const { data, layout } = figures.get(element);
    const legend = element.querySelector("g.legend rect.bg");
    if (!legend || !layout.height || !layout.margin) return;
    // While there is too little room, plotly has the title of the axis over its labels.
    const title = Math.max(0, ...Array.from(element.querySelectorAll(".g-xtitle"), height));
    const labels = lowest(element, ".xaxislayer-above") - lowest(element, ".nsewdrag");
    const b = Math.ceil(labels + title + height(legend) + 3 * GAP_PX);
    if (!Number.isFinite(b)) return;
    const more = Math.max(0, b - layout.margin.b);
    await plot(element, {
      data,
      layout: { ...layout, margin: { ...layout.margin, b }, height: layout.height + more },
    });
  }

  const widths = new WeakMap();
  const resized = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (widths.get(target) === target.clientWidth) continue;
      widths.set(target, target.clientWidth);
      // Plotly draws anew first.
      setTimeout(() => target.dataset.chartDrawn && fitLegend(target), 300);
    }
  });

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
      const shown = { data: figure.data, layout: fitted(element, figure) };
      figures.set(element, shown);
      widths.set(element, element.clientWidth);
      await plot(element, shown);
      await fitLegend(element);
      resized.observe(element);
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
