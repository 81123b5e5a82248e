/* Fades show what scrolls, folds have names, hidden code is not quoted. */
document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("button.toggle-button")) {
    const title = button.closest(".admonition-title").textContent.trim();
    button.setAttribute("aria-label", title);
  }
  document.querySelectorAll("button.copybtn").forEach((button, index) => {
    button.setAttribute("aria-label", `Copy code ${index + 1}`);
  });

  const boxes = document.querySelectorAll(
    "article :is(div.math, pre, mjx-container, .text_html," +
      " .pst-scrollable-table-container)"
  );
  const look = (box) => {
    const content = box.matches("mjx-container")
      ? box.querySelector("svg").getBoundingClientRect().width
      : box.scrollWidth;
    const left = content - box.clientWidth - box.scrollLeft;
    const more = left > 2 && getComputedStyle(box).overflowX !== "visible";
    box.classList.toggle("nclib-more", more);
  };
  const observer = new ResizeObserver((entries) => {
    for (const entry of entries) look(entry.target);
  });
  const watch = (box) => {
    observer.observe(box);
    box.addEventListener("scroll", () => look(box), { passive: true });
  };
  boxes.forEach(watch);
  window.MathJax?.startup?.promise?.then(() => boxes.forEach(look));

  if (typeof Search !== "undefined") {
    const read = Search.htmlToText;
    Search.htmlToText = (text, anchor) => {
      const page = new DOMParser().parseFromString(text, "text/html");
      for (const fold of page.querySelectorAll("details.hide")) fold.remove();
      return read(page.documentElement.outerHTML, anchor);
    };
  }
});
