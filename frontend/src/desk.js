// Back office only: one key for the next piece of work, none where somebody types.
const TYPING =
  "input:not([type=checkbox], [type=radio], [type=file]), select, textarea, [contenteditable]";

function move(step) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) return false;
  const place = rows.indexOf(document.activeElement);
  const next = place < 0 ? (step > 0 ? 0 : rows.length - 1) : place + step;
  rows[Math.min(Math.max(next, 0), rows.length - 1)].focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const typing = event.target instanceof Element && event.target.closest(TYPING);
  if (event.key === "Escape" && typing) {
    event.target.blur();
    return;
  }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const send = document.querySelector("[data-send]");
    if (send) {
      event.preventDefault();
      send.click();
    }
    return;
  }
  if (event.ctrlKey || event.altKey || event.metaKey || typing) return;
  if (event.key === "j" || event.key === "k") {
    if (move(event.key === "j" ? 1 : -1)) event.preventDefault();
    return;
  }
  const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.matches(`summary, ${TYPING}`)) target.focus();
  if (target.matches("input") && target.matches(TYPING)) target.select(); // typed over at once
  if (!target.matches(TYPING)) target.click();
});

// A menu of the navigation closes when something else is pressed, or by Escape.
function closeMenus(but) {
  for (const menu of document.querySelectorAll(".yw-nav__menu[open]")) if (menu !== but) menu.open = false;
}

document.addEventListener("click", (event) => {
  closeMenus(event.target instanceof Element && event.target.closest(".yw-nav__menu"));
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector(".yw-nav__menu[open]");
  if (!menu) return;
  const inside = menu.contains(document.activeElement);
  menu.open = false;
  if (inside) menu.querySelector("summary").focus();
});

// A ready phrase is put into its field, after what stands there already.
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-phrase]");
  if (!button) return;
  const field = document.getElementById(button.dataset.phrase);
  const phrase = button.previousElementSibling.textContent.trim();
  field.value = field.value ? `${field.value}\n${phrase}` : phrase;
  field.focus();
});

// Questions and declarations are read aloud where the browser has a Chinese voice.
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-speak]");
  if (!button || !("speechSynthesis" in window)) return;
  if (speechSynthesis.speaking) {
    speechSynthesis.cancel();
    return;
  }
  const part = document.getElementById(button.dataset.speak);
  const pieces = [...part.querySelectorAll("legend, label, .yw-field__hint")];
  const words = (pieces.length ? pieces : [part]).map((one) => one.textContent.trim());
  const spoken = new SpeechSynthesisUtterance(words.join("。"));
  spoken.lang = "zh-CN";
  spoken.rate = 0.85;
  speechSynthesis.speak(spoken);
});

// Files dropped on a material or pasted into the page; the control itself stays as it is.
function take(input, files) {
  const sent = new DataTransfer();
  for (const file of [...input.files, ...files]) sent.items.add(file);
  input.files = sent.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}
const dropped = (event) => {
  const row = event.target instanceof Element && event.target.closest(".yw-material");
  return row && row.querySelector("input[data-drop]");
};
document.addEventListener("dragover", (event) => {
  if (dropped(event)) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  const input = dropped(event);
  if (!input || !event.dataTransfer.files.length) return;
  event.preventDefault();
  take(input, event.dataTransfer.files);
});
document.addEventListener("paste", (event) => {
  const files = event.clipboardData?.files;
  if (!files?.length) return;
  const near = document.activeElement?.closest(".yw-material");
  const open = near || document.querySelector(".yw-material:has([data-drop]):not(:has(.yw-files))");
  const input = open?.querySelector("input[data-drop]");
  if (!input) return;
  event.preventDefault();
  take(input, files);
});
