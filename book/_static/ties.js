/* Two neurons and a tie: the votes of new points, and what they count as. */
figures.kinds.ties = (data, stage) => {
  const { html, svg, short } = figures;
  const SIZE = 150;
  const RULES = ["right", "half an error", "an error"];
  const COUNTED = [0, 0.5, 1];
  const state = { length: 0, rule: 0 };

  /* ---- New points of the first class, by the inputs of the neurons ---- */
  const bytes = Uint8Array.from(atob(data.cloud), (c) => c.charCodeAt(0));
  const points = Array.from({ length: bytes.length / 3 }, (_, i) =>
    [0, 1, 2].map((j) => data.reach[j] * (bytes[3 * i + j] / 127.5 - 1))
  );
  const dots = points.map(() => svg("circle", { r: 2.4 }));
  const picture = svg(
    "svg",
    {
      viewBox: `${-SIZE} ${-SIZE} ${2 * SIZE} ${2 * SIZE + 26}`,
      role: "img",
      class: "nclib-clouds nclib-votes",
    },
    svg("rect", {
      x: -SIZE, y: 0, width: SIZE, height: SIZE, class: "nclib-no",
    }),
    svg("path", {
      class: "nclib-frame",
      d: `M0,${-SIZE}V${SIZE}M${-SIZE},0H${SIZE}M0,0L${SIZE},${-SIZE}`,
    }),
    ...dots,
    ...[
      [SIZE - 4, 20, "end", "right"],
      [4, -SIZE + 16, "start", "wrong"],
      [-SIZE + 4, SIZE - 8, "start", "both silent"],
      [SIZE - 4, SIZE + 18, "end", "first neuron →"],
      [-SIZE + 4, -SIZE + 16, "start", "↑ second"],
    ].map(([x, y, anchor, text]) =>
      svg("text", { x, y, "text-anchor": anchor }, text)
    )
  );
  const drawCloud = () => {
    const N = state.length;
    const reach = 4 * data.s * Math.sqrt(data.gram[0] + N * N);
    points.forEach(([first, second, along], i) => {
      const [a, b] = [first + N * along, second + N * along];
      const dot = dots[i];
      dot.setAttribute("cx", ((a / reach) * SIZE).toFixed(1));
      dot.setAttribute("cy", ((-b / reach) * SIZE).toFixed(1));
      const kind = a <= 0 && b <= 0 ? "tie" : a > b ? "right" : "wrong";
      dot.setAttribute("class", `nclib-vote-${kind}`);
    });
  };

  /* ---- The numbers ---- */
  const rows = [
    "wrong votes",
    "silent votes",
    "error by this rule",
    "lower bound, Theorem 8(b) corrected",
    "ideal classifier",
  ].map((name) => {
    const bar = svg("rect", { y: 2, height: 8 });
    const head = html("th", { scope: "row" }, name);
    const value = html("td");
    const row = html(
      "tr",
      {},
      head,
      value,
      html(
        "td",
        { "aria-hidden": "true" },
        svg("svg", { viewBox: "0 0 100 12", class: "nclib-bar" }, bar)
      )
    );
    const show = (number) => {
      value.textContent = number === null ? "–" : number.toFixed(4);
      bar.setAttribute("width", (100 * (number ?? 0)).toFixed(2));
    };
    return { row, show };
  });
  const says = figures.status();
  const percent = (share) => `${Math.round(100 * share)}%`;
  const tell = () => {
    const { gram, means, s } = data;
    const N = state.length;
    const { wrong, silent, alone } = exact.votes(gram, means, N);
    const counted = COUNTED[state.rule];
    const error = wrong + counted * silent;
    const ideal = exact.Phi(-1 / s);
    const cosines = [means[0], -means[1]].map(
      (m, k) => (m * s) / Math.sqrt(gram[2 * k] + N * N)
    );
    const least = [null, exact.guessBound(cosines, s), alone][state.rule];
    [wrong, silent, error, least, ideal].forEach((number, i) =>
      rows[i].show(number)
    );
    const below = error < ideal;
    rows[2].row.classList.toggle("nclib-wrong", below);
    const verdict = below
      ? "less than the ideal classifier's " +
        `${ideal.toFixed(3)}: silence is not counted.`
      : counted === 1
        ? `at least as much as each alone on average, ${alone.toFixed(3)}.`
        : counted
          ? "above the ideal classifier's " +
            `${ideal.toFixed(3)}, as the theorem proves.`
          : `above the ideal classifier's ${ideal.toFixed(3)}.`;
    says.textContent =
      `${percent(wrong)} of the votes are wrong, ${percent(silent)} silent. ` +
      `If silence counts as ${RULES[state.rule]}, the error is ` +
      `${error.toFixed(3)}, ${verdict}`;
    picture.setAttribute(
      "aria-label",
      "New points of the first class by the inputs of two neurons, " +
        `with an extra vector of length ${short(N)}. In the lower left ` +
        "quarter both are silent."
    );
  };

  const length = (value) => Number((100 * value ** 3).toPrecision(2));
  const knob = figures.slider(
    "length of ν",
    { min: 0, max: 1, step: 0.01, value: 0 },
    (value) => short(length(value)),
    (value) => {
      state.length = length(value);
      drawCloud();
      tell();
    }
  );
  stage.append(
    figures.choice(
      "Silence counts as",
      ["right, as printed", ...RULES.slice(1)],
      state.rule,
      (rule) => {
        state.rule = rule;
        tell();
      }
    ),
    html(
      "div",
      { class: "nclib-two" },
      picture,
      html(
        "table",
        { class: "nclib-price" },
        html("tbody", {}, ...rows.map((r) => r.row))
      )
    ),
    html("div", { class: "nclib-knobs" }, knob.row),
    says
  );
  drawCloud();
  tell();
};
