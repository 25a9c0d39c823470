// Forms whose answer takes a while: say how far the work has come.
const POLL_MS = 800;

async function show(url, box) {
  try {
    const answer = await fetch(url, { headers: { Accept: "application/json" } });
    const found = await answer.json();
    box.querySelector("progress").value = found.done;
    box.querySelector("span").textContent = found.words;
  } catch {
    // The next turn asks again; the page itself says how it ended.
  }
}

document.addEventListener("submit", (event) => {
  const { progress } = event.target.dataset;
  const box = event.target.querySelector(".upload-progress");
  if (!progress || !box) return;
  box.hidden = false;
  setInterval(() => show(progress, box), POLL_MS);
});
