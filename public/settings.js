// Copies what is shown once.
for (const button of document.querySelectorAll("[data-copy]")) {
  const code = button.closest(".command").querySelector("code");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected: copy it";
    }
    setTimeout(() => (button.textContent = "Copy"), 3000);
  });
}
// One question at a time.
addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.sure[open]"))
    if (!open.contains(event.target)) open.open = false;
});
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const open of document.querySelectorAll("details.sure[open]")) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});
