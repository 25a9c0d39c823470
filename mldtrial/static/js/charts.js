// Draws every element with data-chart-url from the JSON it names. No inline code, no eval.
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
    element.classList.add("chart-message");
    element.setAttribute("role", "status");
  }

  // Where a chart has too many marks for a label each, its traces tell how many each patient has.
  function search(element, point) {
    const meta = point?.data?.meta;
    if (!meta?.marks || !element.dataset.searchUrl) return undefined;
    let left = point.pointNumber;
    const at = meta.marks.findIndex((count) => (left -= count) < 0);
    return `${element.dataset.searchUrl}?q=${encodeURIComponent(meta.subjects.split("\n")[at])}`;
  }

  async function draw(element) {
    element.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(element.dataset.chartUrl, {
        headers: { Accept: "application/json", ...asked(element) },
        credentials: "same-origin",
      });
      if (answer.status === 304) return;
      if (!answer.ok) throw new Error(String(answer.status));
      const figure = await answer.json();
      if (element.classList.contains("chart-message")) {
        element.textContent = "";
        element.classList.remove("chart-message");
      }
      await window.Plotly.react(element, figure.data, figure.layout, CONFIG);
      if (!element.dataset.chartDrawn) {
        element.on("plotly_click", (event) => {
          const target = event.points[0]?.customdata?.[0] ?? search(element, event.points[0]);
          if (typeof target === "string" && target.startsWith("/")) {
            window.location.assign(target);
          }
        });
      }
      element.dataset.chartDrawn = "true";
      remember(element, answer);
    } catch {
      tags.delete(element);
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
    return document.querySelectorAll("[data-chart-url]");
  }

  document.addEventListener("DOMContentLoaded", () => all().forEach(draw));
  // Sent by a visit whose segmentation has just finished.
  document.addEventListener("visit-finished", () => all().forEach(draw));
  document.addEventListener("chart-refresh", () => all().forEach(draw));
})();
