// Moves the token of a link (#t=…) into the form and out of the address.
function take() {
  const token = new URLSearchParams(location.hash.slice(1)).get("t");
  const field = document.querySelector("[name=token]");
  if (!token || !field) return;
  field.value = token;
  field.closest("[data-field]")?.setAttribute("hidden", "");
  history.replaceState(null, "", location.pathname + location.search);
  const form = field.form;
  if (form.hasAttribute("data-goes-on")) form.requestSubmit();
  else form.querySelector("[data-field]:not([hidden]) input:not([readonly])")?.focus();
}
take();
// The link is opened where the page is already.
addEventListener("hashchange", take);
