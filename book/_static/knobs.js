/* Turn the knobs: where collapse is possible, and what the theorems grant. */
figures.kinds.knobs = (data, stage) => {
  const { html, svg, short, thousands } = figures;
  const LEFT = 52;
  const TOP = 10;
  const WIDTH = 500;
  const HEIGHT = 300;
  const MOST = 2; /* noise */
  const noises = [0.01];
  for (let i = 1; i <= 40; i += 1) noises.push((MOST * i) / 40);
  const sizes = [30, 50, 100, 200, 300, 500];
  for (let ten = 1000; ten < 1e8; ten *= 10) {
    sizes.push(ten, 2 * ten, 5 * ten);
  }
  sizes.push(1e8);
  const state = { ...data };

  /* Rounded: 120.00000000000001 degrees would be a step of the slider. */
  const least = () =>
    Number(((Math.acos(-1 / (state.K - 1)) * 180) / Math.PI).toFixed(9));
  const cosine = () =>
    state.angle >= least() - 1e-9
      ? -1 / (state.K - 1)
      : state.angle === 90
        ? 0
        : Math.cos((state.angle * Math.PI) / 180);
  const x = (sigma) => LEFT + (WIDTH * sigma) / MOST;
  const y = (ratio) =>
    TOP + (HEIGHT * (state.K - ratio)) / (state.K - 1);
  const clip = (ratio) => Math.min(Math.max(ratio, 1), state.K);
  const path = (points) =>
    points.length
      ? `M${points.map(([a, b]) => `${a.toFixed(1)},${b.toFixed(1)}`).join("L")}`
      : "";

  /* ---- The picture ---- */
  const line = (name) => svg("path", { class: `nclib-line nclib-${name}` });
  const parts = {
    no: svg("path", { class: "nclib-no" }),
    band: svg("path", { class: "nclib-band" }),
    exact: line("exact"),
    union: line("union"),
    gordon: line("gordon"),
    wendel: line("wendel"),
    enough: line("enough"),
  };
  const marks = svg("g");
  const point = svg("circle", { r: 7, class: "nclib-point" });
  const grip = svg("circle", { r: 24, class: "nclib-grip" });
  const label = (text, at) => svg("text", at, text);
  const picture = svg(
    "svg",
    {
      viewBox: `0 0 ${LEFT + WIDTH + 14} ${TOP + HEIGHT + 42}`,
      role: "img",
      class: "nclib-plot",
    },
    ...Object.values(parts),
    svg("path", {
      class: "nclib-frame",
      d: `M${LEFT},${TOP}v${HEIGHT}h${WIDTH}`,
    }),
    marks,
    label("noise σ", {
      x: LEFT + WIDTH / 2,
      y: TOP + HEIGHT + 38,
      "text-anchor": "middle",
    }),
    label("d/n", { x: 2, y: TOP + 12 }),
    point,
    grip
  );
  const tick = (value, at, anchor) =>
    label(String(value), { ...at, "text-anchor": anchor });
  const drawMarks = () => {
    marks.textContent = "";
    for (const s of [0, 0.5, 1, 1.5, 2]) {
      marks.append(tick(s, { x: x(s), y: TOP + HEIGHT + 18 }, "middle"));
    }
    const step = state.K > 5 ? 2 : state.K > 2 ? 1 : 0.25;
    for (let r = 1; r < state.K - step / 2; r += step) {
      marks.append(tick(r, { x: LEFT - 6, y: y(r) + 4 }, "end"));
    }
  };

  /* ---- Numbers ---- */
  let curve = [];
  const solve = () => {
    curve = noises.map((sigma) => exact.boundary(state.K, cosine(), sigma));
  };
  const flat = (ratio) =>
    ratio < state.K ? path([[x(0), y(ratio)], [x(MOST), y(ratio)]]) : "";
  const drawCurves = () => {
    const { n, K } = state;
    /* Where n is too small for a band, there is none. */
    const at = (values) =>
      values
        .map((value, i) => [x(noises[i]), value])
        .filter(([, value]) => value !== undefined)
        .map(([place, value]) => [place, y(clip(value))]);
    const bands = curve.map((b) => b.band(n));
    const edge = at(curve.map((b) => b.delta));
    parts.exact.setAttribute("d", path(edge));
    parts.no.setAttribute(
      "d",
      `${path([[edge[0][0], y(1)], ...edge, [x(MOST), y(1)]])}z`
    );
    parts.band.setAttribute(
      "d",
      path([
        ...at(bands.map((b) => b?.[0])),
        ...at(bands.map((b) => b?.[1])).reverse(),
      ])
    );
    const granted = [];
    for (let i = 0; i <= 100; i += 1) {
      const ratio = 1 + ((K - 1) * i) / 100;
      const sigma = exact.grantedNoise(ratio, n, K, cosine());
      if (sigma <= MOST) granted.push([x(sigma), y(ratio)]);
    }
    const silent = exact.grantedNoise(K, n, K, cosine()) === 0;
    parts.union.setAttribute("d", silent ? "" : path(granted));
    parts.gordon.setAttribute("d", flat(exact.gordon(n, K)));
    parts.wendel.setAttribute("d", flat(exact.wendel(n, K)));
    parts.enough.setAttribute(
      "d",
      path(at(curve.map((b) => exact.enough(b, K, n))))
    );
  };

  const says = figures.status();
  const percent = (p) =>
    p < 0.001
      ? "less than 0.1%"
      : p > 0.999
        ? "more than 99.9%"
        : `${short(100 * p, p < 0.9 ? 2 : 3)}%`;
  const cells = ["exact", "enough", "union", "gordon", "wendel"].map((name) => [
    svg(
      "svg",
      { viewBox: "0 0 34 12", class: "nclib-key", "aria-hidden": "true" },
      svg("path", { d: "M1,6h32", class: `nclib-line nclib-${name}` })
    ),
    html("span"),
  ]);
  const legend = html(
    "ul",
    { class: "nclib-legend" },
    ...cells.map((pair) => html("li", {}, ...pair))
  );
  const tell = () => {
    const { sigma, ratio, n, K } = state;
    const here = exact.boundary(K, cosine(), sigma);
    const p = here.probability(ratio * n, n);
    const band = here.band(n);
    const granted = exact.grantedNoise(ratio, n, K, cosine());
    const [gordon, wendel] = [exact.gordon(n, K), exact.wendel(n, K)];
    const enough = exact.enough(here, K, n);
    const theorem = K === 2 ? "Theorem 4" : "Theorem 5(a)";
    const verdict = (yes) => (yes ? "grants it" : "is silent");
    const sure = ratio >= K;
    /* The curve is that of eps = 0, the most that the theorem can say. */
    const union =
      sure && K === 2
        ? "grants it"
        : sigma < granted
          ? "may grant it"
          : "is silent";
    const texts = [
      `exact: d/n = ${here.delta.toFixed(3)} at this noise` +
        (band
          ? ", 90% of the transitions from " +
            band.map((edge) => edge.toFixed(3)).join(" to ")
          : ""),
      `enough at this n, proved: d/n from ${enough.toFixed(3)} on`,
      granted > 0
        ? `union bound, ${theorem}: noise below ${short(granted, 3)} at most`
        : `union bound, ${theorem}: nothing at all`,
      `Gordon, Theorem 5(b): d/n from ${gordon.toFixed(3)} on`,
      `Wendel, by exact coins: d/n from ${wendel.toFixed(3)} on`,
    ];
    cells.forEach(([, span], i) => {
      span.textContent = texts[i];
    });
    const chance = sure
      ? "All classes can collapse, with probability one: d = K n."
      : p === null
        ? "So few samples that no probability is known."
        : `Class 1 can collapse with probability ${percent(p)}; ` +
          `${K === 2 ? "both" : `all ${K}`} with ${percent(p ** K)}, ` +
          "treated as independent.";
    const sentence =
      `${chance} ${theorem} ${union}. ` +
      `Theorem 5(b) ${verdict(ratio >= gordon)}.`;
    point.setAttribute("cx", x(sigma).toFixed(1));
    point.setAttribute("cy", y(ratio).toFixed(1));
    grip.setAttribute("cx", x(sigma).toFixed(1));
    grip.setAttribute("cy", y(ratio).toFixed(1));
    picture.setAttribute(
      "aria-label",
      `Noise against dimensions per sample. Your point: noise ${sigma}, ` +
        `d/n ${ratio}. ${texts.join("; ")}.`
    );
    says.textContent = sentence;
  };

  /* ---- The knobs ---- */
  const knob = (name, range, text, change) =>
    figures.slider(name, range, text, change);
  const round = (value, digits) => Number(value.toFixed(digits));
  const sigma = knob(
    "noise σ",
    { min: 0.05, max: MOST, step: 0.01, value: state.sigma },
    (value) => value.toFixed(2),
    (value) => {
      state.sigma = value;
      tell();
    }
  );
  const ratio = knob(
    "d/n",
    { min: 1, max: state.K, step: 0.01, value: state.ratio },
    (value) => value.toFixed(2),
    (value) => {
      state.ratio = value;
      tell();
    }
  );
  const samples = knob(
    "samples n",
    { min: 0, max: sizes.length - 1, value: sizes.indexOf(state.n) },
    (value) => thousands(sizes[value]),
    (value) => {
      state.n = sizes[value];
      drawCurves();
      tell();
    }
  );
  const angle = knob(
    "angle",
    { min: 0, max: 180, step: 1, value: state.angle },
    () => `${Math.round(state.angle)}°`,
    (value) => {
      state.angle = Math.min(value, least());
      angle.show();
      solve();
      drawCurves();
      tell();
    }
  );
  const classes = knob(
    "classes K",
    { min: 2, max: 10, step: 1, value: state.K },
    String,
    (value) => {
      state.K = value;
      ratio.input.setAttribute("max", value);
      state.ratio = Math.min(state.ratio, value);
      ratio.set(state.ratio);
      angle.input.setAttribute("max", Math.ceil(least()));
      state.angle = Math.min(state.angle, least());
      angle.set(Math.ceil(state.angle));
      all();
    }
  );
  const all = () => {
    drawMarks();
    solve();
    drawCurves();
    tell();
  };

  /* The point can be dragged as well. */
  const drag = (event) => {
    const box = picture.getBoundingClientRect();
    const scale = (LEFT + WIDTH + 14) / box.width;
    const px = (event.clientX - box.left) * scale;
    const py = (event.clientY - box.top) * scale;
    const noise = (MOST * (px - LEFT)) / WIDTH;
    const rise = state.K - ((state.K - 1) * (py - TOP)) / HEIGHT;
    state.sigma = round(Math.min(Math.max(noise, 0.05), MOST), 2);
    state.ratio = round(clip(rise), 2);
    sigma.set(state.sigma);
    ratio.set(state.ratio);
    tell();
  };
  grip.addEventListener("pointerdown", (event) => {
    grip.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  /* touch-action does not reach a circle: a finger on it must not scroll. */
  grip.addEventListener("touchstart", (event) => event.preventDefault(), {
    passive: false,
  });
  grip.addEventListener("pointermove", (event) => {
    if (grip.hasPointerCapture(event.pointerId)) drag(event);
  });

  stage.append(
    picture,
    html(
      "div",
      { class: "nclib-knobs" },
      ...[sigma, ratio, samples, classes, angle].map((k) => k.row)
    ),
    says,
    legend
  );
  all();
};
