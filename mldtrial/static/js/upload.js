// Shows how much of an upload has been sent. Without this script the form works as it is.
(() => {
  "use strict";
  const form = document.querySelector("form[data-upload]");
  if (!form) return;
  form.addEventListener("submit", (event) => {
    const panel = form.querySelector(".upload-progress");
    const bar = panel.querySelector("progress");
    const text = panel.querySelector("span");
    const request = new XMLHttpRequest();
    event.preventDefault();
    request.open("POST", form.action || window.location.href);
    request.upload.addEventListener("progress", (sent) => {
      if (!sent.lengthComputable) return;
      const percent = Math.round((100 * sent.loaded) / sent.total);
      bar.value = percent;
      text.textContent = percent < 100 ? `${percent} % sent` : "Sent. Checking ...";
    });
    request.addEventListener("load", () => {
      // A refused form comes back with its reasons; an accepted one has been redirected.
      if (request.status === 200 && request.responseURL !== window.location.href) {
        window.location.assign(request.responseURL);
        return;
      }
      document.open();
      document.write(request.responseText);
      document.close();
    });
    request.addEventListener("error", () => {
      panel.hidden = false;
      text.textContent = "The connection was lost. Nothing was kept; send the files again.";
      form.querySelector("button").disabled = false;
    });
    panel.hidden = false;
    request.send(new FormData(form));
  });
})();
