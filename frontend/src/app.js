// Enhancement only: every page works when this file never arrives.
document.documentElement.classList.add("js");

// What is wrong is said by the server, in Chinese, in the summary and at its field.
for (const form of document.forms) form.noValidate = true;

// After a form came back with errors, the summary is read first.
const summary = document.querySelector("[data-error-summary]");
if (summary) summary.focus();

// The name of a chosen file replaces the words on our own button.
document.addEventListener("change", (event) => {
  const input = event.target;
  if (!(input instanceof HTMLInputElement) || input.type !== "file") return;
  const words = input.parentElement.querySelector("[data-file-words]");
  if (!words || !input.files.length) return;
  words.textContent = [...input.files].map((file) => file.name).join("、");
  input.parentElement.dataset.chosen = "";
});

// A chosen file is sent at once where the page says so; without scripts its button sends it.
document.addEventListener("change", (event) => {
  const input = event.target;
  if (input instanceof HTMLInputElement && input.type === "file" && input.files.length) input.closest("form[data-sends-files]")?.requestSubmit();
});

// An answer on which other questions depend: the server shows the form again with what was typed.
document.addEventListener("change", (event) => {
  if (event.target.dataset?.refreshes !== undefined) window.htmx?.trigger(event.target.form, "refresh");
});

// A form is sent once; the button says that work is going on.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent !== undefined) {
    event.preventDefault();
    return;
  }
  if (form.method !== "post") return;
  form.dataset.sent = "";
  const button = event.submitter || form.querySelector("button:not([type=button])");
  if (button) button.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  }
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("form[data-sent]");
  if (form) delete form.dataset.sent;
});

// Printing and copying have no form of their own.
document.addEventListener("click", async (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest("[data-print]")) print();
  const copy = target?.closest("[data-copy]");
  if (copy) {
    await navigator.clipboard.writeText(copy.dataset.copy);
    copy.textContent = copy.dataset.copied;
  }
});

// Two minutes before signing out for idleness the page says so; one tap keeps the session.
const warning = document.querySelector("[data-session-seconds]");
if (warning) {
  const WARN_SECONDS = 120;
  const TICK_MS = 5000;
  const idle = Number(warning.dataset.sessionSeconds);
  let last = Date.now();
  const left = () => idle - (Date.now() - last) / 1000;
  setInterval(() => { warning.hidden = left() > WARN_SECONDS || left() <= 0; }, TICK_MS);
  warning.querySelector("button").addEventListener("click", async (event) => {
    event.preventDefault();
    const answer = await fetch(warning.dataset.sessionUrl, { credentials: "same-origin" });
    if (answer.ok) { last = Date.now(); warning.hidden = true; }
  });
}

// Screens and machines in a hall: the page comes anew by itself, or goes back to the beginning.
const renewed = document.querySelector("[data-reload]");
if (renewed) {
  const wait = Number(renewed.dataset.reload) * 1000;
  const go = () => (renewed.dataset.reloadTo ? location.replace(renewed.dataset.reloadTo) : location.reload());
  let timer = setTimeout(go, wait);
  const later = () => { clearTimeout(timer); timer = setTimeout(go, wait); };
  if (renewed.dataset.reloadTo) for (const kind of ["input", "keydown"]) document.addEventListener(kind, later);
  renewed.querySelector("[data-reload-later]")?.addEventListener("click", later);
}

// The shell for phones: pages are never kept, only styles, scripts and the offline sentence.
if ("serviceWorker" in navigator && window.isSecureContext) {
  addEventListener("load", () => navigator.serviceWorker.register("/sw.js").catch(() => {}));
}
