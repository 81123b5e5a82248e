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

  /* Native radio buttons; ``changed`` is called with the number of the one
     chosen. */
  const choice = (name, options, chosen, changed) => {
    const group = `nclib-choice-${(serial += 1)}`;
    return html(
      "fieldset",
      { class: "nclib-choice" },
      html("legend", {}, name),
      ...options.map((text, i) => {
        const input = html("input", { type: "radio", name: group, value: i });
        input.checked = i === chosen;
        input.addEventListener("change", () => changed(i));
        return html("label", {}, input, ` ${text}`);
      })
    );
  };

  /* A row of frames, 0 to ``last``: a slider, and a button that plays them in
     under five seconds. ``draw(frame)`` shows one; ``tell(frame)`` is the
     sentence on it, which is not said while frames move. */
  const player = (name, last, text, draw, tell) => {
    const says = status();
    const button = html("button", { type: "button", class: "btn btn-sm" });
    let now = 0;
    let timer = null;
    const label = () => {
      const still = calm() ? "Show the end" : "Play";
      const again = calm() ? "Show the start" : "Play again";
      button.textContent = timer ? "Pause" : now === last ? again : still;
    };
    const speak = () => {
      says.textContent = tell(now);
    };
    const show = (frame) => {
      now = frame;
      draw(frame);
    };
    const stop = () => {
      clearInterval(timer);
      timer = null;
      label();
    };
    const range = slider(
      name,
      { min: 0, max: last, step: 1, value: 0 },
      text,
      (frame) => {
        show(frame);
        stop();
      },
      speak
    );
    const go = (frame) => {
      range.set(frame);
      show(frame);
    };
    const pause = () => {
      stop();
      speak();
    };
    button.addEventListener("click", () => {
      if (timer) return pause();
      if (calm()) {
        go(now === last ? 0 : last);
        return pause();
      }
      if (now === last) go(0);
      timer = setInterval(() => {
        go(now + 1);
        if (now === last) pause();
      }, 80);
      says.textContent = "";
      label();
    });
    show(0);
    pause();
    return {
      controls: html("div", { class: "nclib-controls" }, button, range.row),
      says,
      /* What the frames show has changed. */
      refresh() {
        go(now);
        if (!timer) speak();
      },
    };
  };

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
  return {
    kinds,
    html,
    svg,
    short,
    thousands,
    slider,
    choice,
    status,
    player,
  };
})();
