/* One descent, two clocks: the same curves against epochs and against time. */
figures.kinds.clock = (data, stage) => {
  const { html, svg, short, thousands } = figures;
  const [LEFT, RIGHT, TOP, BOTTOM] = [46, 372, 10, 238];
  const CLOCKS = [
    { name: "epochs", at: data.epoch, late: data.late[0] },
    { name: "time", at: data.time, late: data.late[1] },
  ];
  const last = data.epoch.length - 1;
  const all = data.nc1.flat();
  const high = Math.log10(Math.max(...all)) + 0.05;
  const low = Math.log10(Math.min(...all)) - 0.05;
  const y = (value) =>
    TOP + ((high - Math.log10(value)) / (high - low)) * (BOTTOM - TOP);

  const band = svg("rect", { y: TOP, height: BOTTOM - TOP, class: "nclib-band" });
  const curves = data.nc1.map((_, i) =>
    svg("path", {
      class: "nclib-line nclib-ordered",
      "stroke-opacity": (0.5 + (0.5 * (i + 1)) / data.nc1.length).toFixed(2),
    })
  );
  /* Labels at the ends, the curves being ordered from above; none on another. */
  let lowest = -Infinity;
  const labels = data.nc1.map((values, i) => {
    lowest = Math.max(y(values[last]) + 5, lowest + 15);
    return svg("text", { x: RIGHT + 6, y: lowest.toFixed(1) },
      `${i ? "" : "d/n = "}${data.ratio[i]}`);
  });
  const decades = [];
  for (let p = Math.floor(high); p >= low; p -= 1) decades.push(p);
  const axis = svg("text", {
    x: (LEFT + RIGHT) / 2, y: BOTTOM + 36, "text-anchor": "middle",
  });
  const ticks = [0, 0.5, 1].map((share) =>
    svg("text", {
      x: LEFT + share * (RIGHT - LEFT),
      y: BOTTOM + 18,
      "text-anchor": "middle",
    })
  );
  const picture = svg(
    "svg",
    { viewBox: "0 0 452 280", role: "img", class: "nclib-clock" },
    band,
    svg("path", {
      class: "nclib-frame",
      d: `M${LEFT},${TOP}V${BOTTOM}H${RIGHT}`,
    }),
    ...decades.map((power) =>
      svg("text", {
        x: LEFT - 6, y: y(10 ** power) + 5, "text-anchor": "end",
      }, power ? short(10 ** power, 1).replace("1·", "") : "1")
    ),
    ...curves,
    ...labels,
    ...ticks,
    axis
  );

  const says = figures.status();
  const show = (chosen) => {
    const { name, at, late } = CLOCKS[chosen];
    const x = (value) => LEFT + (value / at[last]) * (RIGHT - LEFT);
    curves.forEach((curve, i) => {
      const points = at.map(
        (value, j) => `${x(value).toFixed(1)},${y(data.nc1[i][j]).toFixed(1)}`
      );
      curve.setAttribute("d", `M${points.join("L")}`);
    });
    band.setAttribute("x", x(late).toFixed(1));
    band.setAttribute("width", (RIGHT - x(late)).toFixed(1));
    axis.textContent = `${name} (shaded: the last two thirds of all epochs)`;
    ticks.forEach((tick, i) => {
      tick.textContent = thousands(Math.round((at[last] * i) / 2));
    });
    /* How much the lowest curve falls over the last two thirds. */
    const from = at.findIndex((value) => value >= at[last] / 3);
    const lowestCurve = data.nc1[data.nc1.length - 1];
    const factor = short(lowestCurve[from] / lowestCurve[last]);
    const ratio = data.ratio[data.ratio.length - 1];
    const share = short(100 * (1 - data.late[1] / data.time[last]));
    says.textContent = chosen
      ? `Against time the same curves keep falling: over the last two thirds ` +
        `of the time by a factor of ${factor} at d/n\u00a0=\u00a0${ratio}. ` +
        `The shaded epochs are the last ${share}% of the time.`
      : `Against epochs the curves look converged: over the last two thirds ` +
        `NC1 falls by a factor of only ${factor} at ` +
        `d/n\u00a0=\u00a0${ratio}.`;
    picture.setAttribute(
      "aria-label",
      `NC1 against ${name}, a curve for each dimension. ` +
        (chosen ? "All fall to the end." : "All are level over two thirds.")
    );
  };
  stage.append(
    figures.choice("Clock", ["epochs", "time"], 0, show),
    picture,
    says
  );
  show(0);
};
