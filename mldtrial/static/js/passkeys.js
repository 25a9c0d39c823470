// Passkeys: a form marked data-passkey asks the browser for one, and sends what it answers.
// "create" makes a passkey, "get" uses one. The options stand in the page as JSON, or come
// from the address in data-options.

const fromText = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=/g, "");

function decoded(options) {
  const key = { ...options.publicKey, challenge: fromText(options.publicKey.challenge) };
  if (key.user) key.user = { ...key.user, id: fromText(key.user.id) };
  for (const list of ["excludeCredentials", "allowCredentials"]) {
    if (key[list]) key[list] = key[list].map((known) => ({ ...known, id: fromText(known.id) }));
  }
  return { publicKey: key };
}

function encoded(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

const optionsOf = async (form) => {
  if (!form.dataset.options) {
    return JSON.parse(document.getElementById("passkey-options").textContent);
  }
  const answer = await fetch(form.dataset.options, { headers: { Accept: "application/json" } });
  return answer.json();
};

const REASONS = {
  NotAllowedError: "No passkey was used: it was cancelled, or took too long. Please try again.",
  InvalidStateError: "This device holds a passkey for you already.",
  SecurityError: "Passkeys need the name of this site in the address bar, for example localhost; an address of digits will not do.",
};

function tell(form, error) {
  const place = form.querySelector("[data-passkey-error]");
  place.textContent = REASONS[error.name] ?? "The passkey did not work in this browser. Use a code instead.";
  place.hidden = false;
}

async function ask(form) {
  const options = decoded(await optionsOf(form));
  const credential =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create(options)
      : await navigator.credentials.get(options);
  form.elements.credential.value = encoded(credential);
  form.requestSubmit();
}

document.querySelectorAll("form[data-passkey]").forEach((form) => {
  form.elements.credential.value = "";
  form.addEventListener("submit", (event) => {
    if (form.elements.credential.value) return;
    event.preventDefault();
    event.stopPropagation();
    form.querySelector("[data-passkey-error]").hidden = true;
    if (!window.PublicKeyCredential) {
      tell(form, { name: "" });
      return;
    }
    ask(form).catch((error) => tell(form, error));
  });
});
