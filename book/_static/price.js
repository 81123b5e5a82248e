/* The price of collapse: two clouds, the line of the best collapsed neuron,
   and what two bounds say of its error. */
figures.kinds.price = (data, stage) => {
  const { html, svg, short, thousands } = figures;
  const state = { ...data };
  const SIZE = 150;
  const sizes = [100, 200, 500];
  for (let ten = 1000; ten < 1e9; ten *= 10) sizes.push(ten, 3 * ten);
  sizes.push(1e9);

  /* ---- The clouds, in the plane of mu and the neuron ---- */
  /* Points that are spread like a Gaussian sample, but are always the same. */
  const spread = Array.from({ length: 120 }, (_, i) => {
    const radius = Math.sqrt(-2 * Math.log(1 - (i + 0.5) / 120));
    return [radius * Math.cos(2.399963 * i), radius * Math.sin(2.399963 * i)];
  });
  const dots = [1, -1].map((side) =>
    spread.map(() =>
      svg("circle", {
        r: 3.2,
        class: `nclib-class-${side > 0 ? 1 : 2}`,
      })
    )
  );
  const line = svg("path", { class: "nclib-line nclib-exact" });
  const ideal = svg("path", {
    class: "nclib-frame",
    "stroke-dasharray": "4 4",
    d: `M0,${-SIZE}V${SIZE}`,
  });
  const picture = svg(
    "svg",
    {
      viewBox: `${-SIZE} ${-SIZE} ${2 * SIZE} ${2 * SIZE}`,
      role: "img",
      class: "nclib-clouds",
    },
    ...dots.flat(),
    ideal,
    line
  );
  const drawClouds = (factor) => {
    const scale = SIZE / (1 + 2.6 * state.s);
    const angle = factor ? Math.acos(1 / Math.sqrt(factor)) : 0;
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    [1, -1].forEach((side, k) => {
      spread.forEach(([a, b], i) => {
        const px = side + state.s * a;
        const py = state.s * b;
        const wrong = factor && side * (px * c + py * s) < 0;
        dots[k][i].setAttribute("cx", (px * scale).toFixed(1));
        dots[k][i].setAttribute("cy", (-py * scale).toFixed(1));
        dots[k][i].classList.toggle("nclib-missed", Boolean(wrong));
      });
    });
    const far = 2 * SIZE;
    line.setAttribute(
      "d",
      factor
        ? `M${(far * s).toFixed(1)},${(far * c).toFixed(1)}` +
            `L${(-far * s).toFixed(1)},${(-far * c).toFixed(1)}`
        : ""
    );
  };

  /* ---- The numbers ---- */
  const names = [
    "ideal classifier",
    "one hyperplane that separates the samples",
    "one collapsed neuron",
    "lower bound (2.28) as printed",
    "lower bound, corrected",
  ];
  const rows = names.map((name) => {
    const bar = svg("rect", { y: 2, height: 8 });
    const factor = html("td");
    const error = html("td");
    const row = html(
      "tr",
      {},
      html("th", { scope: "row" }, name),
      factor,
      error,
      html(
        "td",
        { "aria-hidden": "true" },
        svg("svg", { viewBox: "0 0 100 12", class: "nclib-bar" }, bar)
      )
    );
    return { row, bar, factor, error };
  });
  const table = html(
    "table",
    { class: "nclib-price" },
    html(
      "thead",
      {},
      html(
        "tr",
        {},
        ...["", "noise variance", "error", ""].map((text) =>
          html("th", text ? { scope: "col" } : {}, text)
        )
      )
    ),
    html("tbody", {}, ...rows.map((r) => r.row))
  );

  const says = figures.status();
  const tell = () => {
    const { s, delta, n } = state;
    const truth = exact.collapsedFactor(delta, s);
    const asked = 2 * Math.log(n);
    const printed = delta >= asked ? exact.printedFactor(delta, s) : null;
    const factors = [
      1,
      exact.separatorFactor(delta, s),
      truth,
      printed,
      exact.correctedFactor(n, delta * n, s),
    ];
    if (!truth) factors[4] = null;
    const most = Math.max(...factors.map((f) => f ?? 1), 1.0001);
    factors.forEach((f, i) => {
      rows[i].factor.textContent = f ? `× ${f.toFixed(4)}` : "–";
      rows[i].error.textContent = f ? short(exact.error(f, s), 4) : "–";
      const width = f ? (100 * (f - 1)) / (most - 1) : 0;
      rows[i].bar.setAttribute("width", width.toFixed(2));
    });
    const wrong = Boolean(truth && printed && printed > truth);
    rows[3].row.classList.toggle("nclib-wrong", wrong);
    drawClouds(truth);
    const q = Math.sqrt(truth ?? 1);
    const degrees = (Math.acos(1 / q) * 180) / Math.PI;
    /* As many digits as tell the two errors apart. */
    let [error, ideal] = ["", ""];
    for (let digits = 3; truth && error === ideal && digits < 8; digits += 1) {
      [error, ideal] = [truth, 1].map((f) => short(exact.error(f, s), digits));
    }
    const cost = truth
      ? "Collapse with one neuron costs as much as " +
        `${short(100 * (truth - 1))}% more noise variance: error ` +
        `${error} instead of ${ideal}.`
      : "No neuron collapses: d/n is below the exact boundary, " +
        `${exact.boundary(2, -1, s).delta.toFixed(3)}.`;
    const verdict = !truth
      ? ""
      : printed === null
        ? ` (2.28) asks for d/n of at least 2 log n, here ${short(asked, 3)}.`
        : wrong
          ? " (2.28) as printed is a lower bound above the truth."
          : " (2.28) as printed lies below the truth here.";
    says.textContent = cost + verdict;
    picture.setAttribute(
      "aria-label",
      `Two clouds of noise ${short(s)} around opposite means. ` +
        (truth
          ? `The line between them is turned by ${degrees.toFixed(0)} degrees.`
          : "No line is drawn.")
    );
  };

  /* ---- The knobs ---- */
  const rounded = (value, digits) => Number((10 ** value).toPrecision(digits));
  const knob = (name, range, read, text, key) =>
    figures.slider(name, range, text, (value) => {
      state[key] = read(value);
      tell();
    });
  const noise = (value) => rounded(value, 2);
  const room = (value) => rounded(value, 3);
  const log = (value) => Math.log10(value).toFixed(3);
  const knobs = [
    knob(
      "noise s",
      { min: -1, max: 1.5, step: 0.005, value: log(state.s) },
      noise,
      (value) => String(noise(value)),
      "s"
    ),
    knob(
      "d/n",
      { min: 0.05, max: 1.8, step: 0.005, value: log(state.delta) },
      room,
      (value) => String(room(value)),
      "delta"
    ),
    knob(
      "samples n",
      { min: 0, max: sizes.length - 1, value: sizes.indexOf(state.n) },
      (value) => sizes[value],
      (value) => sizes[value] < 1e6
        ? thousands(sizes[value]) : short(sizes[value], 1),
      "n"
    ),
  ];
  state.s = noise(Number(knobs[0].input.value));
  state.delta = room(Number(knobs[1].input.value));

  stage.append(
    html("div", { class: "nclib-two" }, picture, table),
    html("div", { class: "nclib-knobs" }, ...knobs.map((k) => k.row)),
    says
  );
  tell();
};
