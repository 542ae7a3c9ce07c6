// Keeps a KPI page fresh: the same address is asked again once a minute while the page is looked at, and what has changed is put
// into its place.

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
