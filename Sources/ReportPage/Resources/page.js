// The style follows the reader's own choice of light or dark; the button overrules it.
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
document.getElementById("theme").addEventListener("click", () => {
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : dark.matches;
  root.dataset.theme = isDark ? "light" : "dark";
});

const tip = document.getElementById("tip");
document.addEventListener("pointermove", (event) => {
  const text = event.target instanceof Element ? event.target.getAttribute("data-tip") : null;
  tip.hidden = text === null;
  if (text === null) return;
  tip.textContent = text;
  const x = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
  const y = Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8);
  tip.style.left = `${Math.max(x, 8)}px`;
  tip.style.top = `${Math.max(y, 8)}px`;
});
