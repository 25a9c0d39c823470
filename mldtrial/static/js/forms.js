// Forms that save: one click sends them once, and a refused form is read out from its top.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.hasAttribute("data-once")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  form.querySelectorAll("button:not([type=button])").forEach((button) => {
    button.setAttribute("aria-disabled", "true");
    button.classList.add("is-sending");
  });
});

// A page that comes back from the history may be sent again.
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-once]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll("button.is-sending").forEach((button) => {
      button.removeAttribute("aria-disabled");
      button.classList.remove("is-sending");
    });
  });
});

document.addEventListener("DOMContentLoaded", () => {
  document.getElementById("form-errors")?.focus();
});
