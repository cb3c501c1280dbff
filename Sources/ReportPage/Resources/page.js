// The style follows the reader's own choice of light or dark; the button overrides it.
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
document.getElementById("theme").addEventListener("click", () => {
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : dark.matches;
  root.dataset.theme = isDark ? "light" : "dark";
});

const tip = document.getElementById("tip");
// The text is measured at the left edge: in a corner it would be laid out narrower than it can be.
function show(target, left, top) {
  const text = target instanceof Element ? target.getAttribute("data-tip") : null;
  tip.hidden = text === null;
  if (text === null) return;
  tip.textContent = text;
  tip.style.left = tip.style.top = "0";
  const x = Math.min(left + 14, innerWidth - tip.offsetWidth - 8);
  const y = Math.min(top + 14, innerHeight - tip.offsetHeight - 8);
  tip.style.left = `${Math.max(x, 8)}px`;
  tip.style.top = `${Math.max(y, 8)}px`;
}
document.addEventListener("pointermove", (event) => show(event.target, event.clientX, event.clientY));
// By keyboard, at the element itself.
document.addEventListener("focusin", (event) => {
  const box = event.target.getBoundingClientRect();
  show(event.target, box.right, box.bottom);
});
document.addEventListener("focusout", () => { tip.hidden = true; });
document.addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hidden = true; });
