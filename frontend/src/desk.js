// Back office only: one key for the next piece of work, none where somebody types.
const TYPING = "input, select, textarea, [contenteditable]";

function move(step) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) return false;
  const place = rows.indexOf(document.activeElement);
  const next = place < 0 ? (step > 0 ? 0 : rows.length - 1) : place + step;
  rows[Math.min(Math.max(next, 0), rows.length - 1)].focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (event.target instanceof Element && event.target.closest(TYPING)) return;
  if (event.key === "j" || event.key === "k") {
    if (move(event.key === "j" ? 1 : -1)) event.preventDefault();
    return;
  }
  const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.matches(TYPING)) target.focus();
  else target.click();
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
