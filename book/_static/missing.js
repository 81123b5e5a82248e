/* What is missing? The four terms of the gap (nclib.gap_terms) along a
   descent, and the inner products that they measure. */
figures.kinds.missing = (data, stage) => {
  const { html, svg, short, thousands } = figures;
  const TERMS = [
    ["predictions", "mean KL(p<sup>⋆</sup> ‖ p)",
     "the predictions: they are not those of the minimizer"],
    ["spread", "‖h − h̄‖²", "spread: samples are off the mean of their class"],
    ["shared neurons", "⟨h̄<sub>k</sub>, h̄<sub>l</sub>⟩",
     "shared neurons: class means are not at right angles"],
    ["classifier", "‖W − ρ H̄<sup>⊤</sup>C‖²",
     "the classifier: it does not point along the class means"],
  ];
  const DECADES = 8;
  const last = data.runs[0].at.length - 1;
  let run = data.runs[0];

  /* ---- The inner products, as squares ---- */
  const EDGE = 180;
  const level = (byte) => byte / 127.5 - 1;
  const grid = (size, edge, left, top) =>
    Array.from({ length: size * size }, (_, at) =>
      svg("rect", {
        x: (left + (edge * (at % size)) / size).toFixed(2),
        y: (top + (edge * Math.floor(at / size)) / size).toFixed(2),
        width: (edge / size).toFixed(2),
        height: (edge / size).toFixed(2),
      })
    );
  const outline = (x, y, edge) =>
    svg("rect", { x, y, width: edge, height: edge });
  const gram = (() => {
    if (!data.gram) return null;
    const { samples, classes } = data.gram;
    const bytes = Uint8Array.from(atob(data.gram.bytes), (c) =>
      c.charCodeAt(0)
    );
    const [TOP, SIDE, SMALL] = [16, 200, 54];
    const shapes = [
      [samples, grid(samples, EDGE, 0, TOP)],
      [classes, grid(classes, SMALL, SIDE, TOP)],
    ];
    const block = EDGE / classes;
    const outlines = [[], [], [], [outline(SIDE, TOP, SMALL)]];
    for (let k = 0; k < classes * classes; k += 1) {
      const [row, column] = [Math.floor(k / classes), k % classes];
      outlines[row === column ? 1 : 2].push(
        outline(column * block, TOP + row * block, block)
      );
    }
    const marks = outlines.map((all) =>
      svg("g", { class: "nclib-ring" }, ...all)
    );
    const picture = svg(
      "svg",
      { viewBox: "-2 0 258 198", role: "img", class: "nclib-gram" },
      svg("text", { x: 0, y: 10 }, `features of ${samples} samples`),
      svg("text", { x: SIDE, y: 10 }, "classifier"),
      ...shapes.flatMap(([, cells]) => cells),
      svg("path", {
        class: "nclib-frame",
        d: `M0,${TOP}h${EDGE}v${EDGE}h${-EDGE}z` +
          `M${SIDE},${TOP}h${SMALL}v${SMALL}h${-SMALL}z`,
      }),
      ...marks
    );
    const each = shapes.reduce((sum, [s]) => sum + (s * (s + 1)) / 2, 0);
    return {
      picture,
      show(frame, most) {
        let at = each * frame;
        for (const [size, cells] of shapes) {
          for (let i = 0; i < size; i += 1) {
            for (let j = 0; j <= i; j += 1) {
              const value = level(bytes[at]);
              at += 1;
              const sign = value > 0 ? "nclib-plus" : "nclib-minus";
              for (const cell of [cells[size * i + j], cells[size * j + i]]) {
                cell.setAttribute("class", sign);
                cell.setAttribute("fill-opacity", Math.abs(value).toFixed(2));
              }
            }
          }
        }
        marks.forEach((mark, k) => {
          mark.classList.toggle("nclib-hidden", k !== most);
        });
        picture.setAttribute(
          "aria-label",
          `Inner products of features and of the classifier at ` +
            `${data.unit.toLowerCase()} ${thousands(run.at[frame])}.` +
            (most ? ` Outlined: what ${TERMS[most][0]} measures.` : "")
        );
      },
    };
  })();

  /* ---- The terms, on a common logarithmic scale ---- */
  const top = Math.max(...data.runs.flatMap((r) => r.terms.flat()));
  const highest = Math.ceil(Math.log10(top));
  const place = (value) =>
    Math.max(0, 100 * (1 + (Math.log10(value) - highest) / DECADES));
  const decades = Array.from(
    { length: DECADES + 1 },
    (_, i) => `M${(100 * i) / DECADES},0v14`
  ).join("");
  const line = (...name) => {
    const bar = svg("rect", { y: 3, height: 8 });
    const tick = svg("path", { class: "nclib-tick" });
    const value = html("td");
    const row = html(
      "tr",
      {},
      html("th", { scope: "row" }, ...name),
      value,
      html(
        "td",
        { "aria-hidden": "true" },
        svg(
          "svg",
          {
            viewBox: "0 0 100 14",
            class: "nclib-bar",
            preserveAspectRatio: "none",
          },
          svg("path", { class: "nclib-decade", d: decades }),
          bar,
          tick
        )
      )
    );
    const show = (amount, mark) => {
      value.textContent = amount > 0 ? short(amount) : "0";
      bar.setAttribute("width", place(amount).toFixed(2));
      tick.setAttribute("d", mark > 0 ? `M${place(mark).toFixed(2)},0v14` : "");
    };
    return { row, show };
  };
  const rows = TERMS.map(([name, formula]) => {
    const small = html("small");
    small.innerHTML = formula;
    return line(name, html("br"), small);
  });
  const whole = line("gap, their sum");
  const other = line("gap of SGD");
  const scale = html(
    "div",
    { class: "nclib-scale" },
    ...[highest - DECADES, highest - DECADES / 2, highest].map((power) =>
      html("span", {}, power ? short(10 ** power, 1).replace(/^1·/, "") : "1")
    )
  );
  const table = html(
    "table",
    { class: "nclib-price nclib-terms" },
    html(
      "tbody",
      {},
      ...[...rows, whole, other].map((r) => r.row),
      html(
        "tr",
        { "aria-hidden": "true" },
        html("td"),
        html("td"),
        html("td", {}, scale)
      )
    )
  );
  const sum = html("p", { class: "nclib-sum" });

  const state = (frame) => {
    const terms = run.terms[frame];
    const gap = terms.reduce((a, b) => a + b, 0);
    return { terms, gap, most: terms.indexOf(Math.max(...terms)) };
  };
  const draw = (frame) => {
    const { terms, gap, most } = state(frame);
    rows.forEach((row, k) => {
      row.show(terms[k], run.foot?.[k]);
      row.row.classList.toggle("nclib-most", k === most);
    });
    whole.show(gap, run.foot?.reduce((a, b) => a + b, 0));
    other.row.hidden = !run.sgd;
    if (run.sgd) other.show(run.sgd[frame]);
    sum.textContent =
      `floor ${data.floor.toFixed(5)} + gap ${gap.toFixed(5)} ` +
      `= risk ${(data.floor + gap).toFixed(5)}`;
    gram?.show(frame, most);
  };
  const player = figures.player(
    data.unit,
    last,
    (frame) => `${thousands(run.at[frame])} of ${thousands(run.at[last])}`,
    draw,
    (frame) => {
      const { terms, gap, most } = state(frame);
      const share = Math.round((100 * terms[most]) / gap);
      const part =
        share > 99 ? "Nearly all" : share > 50 ? "Most" : "The largest part";
      return (
        `The gap is ${short(gap)}. ${part} of what is missing` +
        `${share > 99 ? "" : `, ${share}%,`} is ${TERMS[most][2]}.` +
        (frame === last ? ` ${run.end}` : "")
      );
    }
  );
  if (data.runs.length > 1) {
    stage.append(
      figures.choice("Noise", data.runs.map((r) => r.name), 0, (i) => {
        run = data.runs[i];
        player.refresh();
      })
    );
  }
  const numbers = html("div", {}, table, sum);
  stage.append(
    gram
      ? html("div", { class: "nclib-two" }, gram.picture, numbers)
      : numbers,
    player.controls,
    player.says
  );
};
