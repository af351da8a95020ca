// Adds a place to drop a file, and a word while something is under way. Everything works without.
"use strict";

for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    form.querySelector(".busy").textContent = form.dataset.busy;
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
  });
}

// A page that the browser kept is as it was left: ready again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelector(".busy").textContent = "";
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
  }
});

for (const box of document.querySelectorAll("form.drop")) {
  const input = box.querySelector("input[type=file]");
  const over = (is) => (event) => {
    event.preventDefault();
    box.classList.toggle("over", is);
  };
  box.addEventListener("dragover", over(true));
  box.addEventListener("dragleave", over(false));
  box.addEventListener("drop", (event) => {
    over(false)(event);
    if (event.dataTransfer.files.length !== 1) {
      box.querySelector(".busy").textContent = "Drop one file at a time.";
      return;
    }
    input.files = event.dataTransfer.files;
    box.requestSubmit();
  });
}
