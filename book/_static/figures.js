/* Figures that a reader can move. No network, nothing is stored.

   nclib.figures.live leaves data in <script class="nclib-live">, which names
   a figure of its page and a kind. The kind's function fills a stage, and
   the stage takes the place of the still picture. Should it fail, or should
   there be no JavaScript, the still picture stays; so it does on paper. */
const figures = (() => {
  const kinds = {};
  let serial = 0;

  const fill = (node, attributes, children) => {
    for (const [name, value] of Object.entries(attributes)) {
      node.setAttribute(name, value);
    }
    node.append(...children);
    return node;
  };
  const html = (tag, attributes = {}, ...children) =>
    fill(document.createElement(tag), attributes, children);
  const svg = (tag, attributes = {}, ...children) =>
    fill(
      document.createElementNS("http://www.w3.org/2000/svg", tag),
      attributes,
      children
    );

  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  /* 0.31, 12, 2.4·10⁻⁷ */
  const short = (value, digits = 2) => {
    const size = Math.abs(value);
    if (size === 0 || (size >= 0.01 && size < 1000)) {
      return String(Number(value.toPrecision(digits))).replace("-", "−");
    }
    const [head, power] = value.toExponential(digits - 1).split("e");
    const raised = Number(power)
      .toString()
      .replace(/./g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]));
    return `${head.replace("-", "−")}·10${raised}`;
  };
  const thousands = (value) => value.toLocaleString("en-US");

  /* A labeled range; ``text(value)`` is shown and spoken. ``moved`` is called
     with every value, ``rested`` when the reader lets go. */
  const slider = (name, range, text, moved, rested = () => {}) => {
    const id = `nclib-slider-${(serial += 1)}`;
    const input = html("input", { type: "range", id, ...range });
    /* Seen; what is heard is aria-valuetext. */
    const output = html("span", { class: "nclib-value", "aria-hidden": "true" });
    const show = () => {
      const words = text(Number(input.value));
      output.textContent = words;
      input.setAttribute("aria-valuetext", words);
    };
    input.addEventListener("input", () => {
      show();
      moved(Number(input.value));
    });
    input.addEventListener("change", () => rested());
    show();
    return {
      input,
      row: html(
        "div",
        { class: "nclib-slider" },
        html("label", { for: id }, name),
        input,
        output
      ),
      set(value) {
        input.value = String(value);
        show();
      },
      show,
    };
  };

  /* One sentence, spoken when it changes. */
  const status = () =>
    html("p", { class: "nclib-says", role: "status", "aria-atomic": "true" });

  const mount = () => {
    for (const script of document.querySelectorAll("script.nclib-live")) {
      const figure = document.getElementById(
        script.getAttribute("data-figure")
      );
      const kind = kinds[script.getAttribute("data-kind")];
      if (!figure || !kind) continue;
      const stage = html("div", { class: "nclib-stage" });
      const data = JSON.parse(script.textContent);
      kind(data, stage);
      /* Asked to be kept, the still picture stands above the controls. */
      if (data.keep) figure.querySelector("figcaption").before(stage);
      else figure.prepend(stage);
      if (!data.keep) figure.classList.add("nclib-live");
    }
  };
  document.addEventListener("DOMContentLoaded", mount);
  return { kinds, html, svg, calm, short, thousands, slider, status };
})();
