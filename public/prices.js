// Reads a chosen file of prices into the field for its text, so that nobody has to paste megabytes. Without this script the field
// is filled by hand.
const MOST = 8 * 1024 * 1024;
const pick = document.querySelector("[data-pick]");
const text = document.querySelector("[data-form=import] textarea[name=file]");
if (pick && text) {
  const input = pick.querySelector("input");
  const told = pick.querySelector("small");
  pick.hidden = false;
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    if (file.size > MOST) {
      told.textContent = `${file.name} is larger than 8 MiB.`;
      return;
    }
    try {
      text.value = await file.text();
      told.textContent = `${file.name} is in the field below.`;
    } catch {
      told.textContent = `${file.name} cannot be read.`;
    }
  });
}
