/* Fades show what scrolls, keys move it, buttons have names, hidden code is not quoted. */
document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("button.toggle-button")) {
    const title = button.closest(".admonition-title").textContent.trim();
    button.setAttribute("aria-label", title);
  }
  document.querySelectorAll("button.copybtn").forEach((button, index) => {
    button.setAttribute("aria-label", `Copy code ${index + 1}`);
  });
  /* Its text, "Search Ctrl+K", is its name. */
  document.querySelector(".search-button-field")?.removeAttribute("aria-label");

  /* What a link leads to is shown, also inside a fold. */
  const unfold = () => {
    const place = document.getElementById(
      decodeURIComponent(window.location.hash.slice(1))
    );
    const fold = place?.closest("details:not([open])");
    if (!fold) return;
    fold.open = true;
    place.scrollIntoView();
  };
  unfold();
  window.addEventListener("hashchange", unfold);

  const look = (box) => {
    const hidden = box.scrollWidth - box.clientWidth;
    box.classList.toggle("nclib-more", hidden - box.scrollLeft > 2);
    /* A stop for the Tab key, but only where there is something to reach. */
    if (hidden > 0) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };
  const observer = new ResizeObserver((entries) => {
    for (const entry of entries) look(entry.target);
  });
  const watch = (box) => {
    observer.observe(box);
    box.addEventListener("scroll", () => look(box), { passive: true });
  };
  const boxes = document.querySelectorAll(
    "article :is(div.math, pre, .text_html, .pst-scrollable-table-container)"
  );
  boxes.forEach(watch);
  /* An inline formula that is wider than its paragraph scrolls by itself. */
  window.MathJax?.startup?.promise?.then(() => {
    boxes.forEach(look);
    for (const formula of document.querySelectorAll(
      "article mjx-container:not([display])"
    )) {
      const width = formula.firstElementChild.getBoundingClientRect().width;
      const block = formula.closest("p, li, td, th, dt, dd, label, legend");
      if (block && width > block.clientWidth + 1) {
        formula.classList.add("nclib-wide");
        watch(formula);
      }
    }
  });

  if (typeof Search !== "undefined") {
    const read = Search.htmlToText;
    Search.htmlToText = (text, anchor) => {
      const page = new DOMParser().parseFromString(text, "text/html");
      for (const fold of page.querySelectorAll("details.hide")) fold.remove();
      return read(page.documentElement.outerHTML, anchor);
    };
  }
});
