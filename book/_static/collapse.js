/* Watch it collapse: the frames of nclib.figures.collapse, one slider. */
figures.kinds.collapse = (data, stage) => {
  const { html, svg, short, thousands } = figures;
  const CORNERS = [[110, 16], [16, 179], [204, 179]];
  const NAMES = [[126, 16, "start"], [0, 196, "start"], [220, 196, "end"]];
  const SHAPES = [
    "M-4.5,0a4.5,4.5 0 1,0 9,0a4.5,4.5 0 1,0 -9,0",
    "M-4,-4h8v8h-8z",
    "M0,-5l5,8.7h-10z",
  ];
  const last = data.step.length - 1;

  const panels = data.panels.map((panel) => {
    const bytes = Uint8Array.from(atob(panel.shares), (c) => c.charCodeAt(0));
    const dots = data.labels.map((k) =>
      svg("path", { d: SHAPES[k], class: `nclib-class-${k + 1}` })
    );
    const names = NAMES.map(([x, y, anchor], k) =>
      svg("text", { x, y, "text-anchor": anchor }, `class ${k + 1}`)
    );
    const picture = svg(
      "svg",
      { viewBox: "-6 0 232 202", role: "img" },
      svg("path", { d: `M${CORNERS.join("L")}z`, class: "nclib-frame" }),
      ...names,
      ...dots
    );
    const nc1 = html("dd");
    const gap = html("dd");
    const box = html(
      "div",
      { class: "nclib-panel" },
      html("p", {}, html("strong", {}, panel.verdict), html("br"), panel.title),
      picture,
      html(
        "dl",
        {},
        html("dt", {}, "NC1"),
        nc1,
        html("dt", {}, "above the floor"),
        gap
      )
    );
    const show = (frame) => {
      dots.forEach((dot, i) => {
        const at = 2 * (frame * dots.length + i);
        const a = bytes[at] / 255;
        const b = bytes[at + 1] / 255;
        const share = [a, b, 1 - a - b];
        const [x, y] = [0, 1].map((axis) =>
          share
            .reduce((sum, part, k) => sum + part * CORNERS[k][axis], 0)
            .toFixed(1)
        );
        dot.setAttribute("transform", `translate(${x},${y})`);
      });
      nc1.textContent = short(panel.nc1[frame]);
      gap.textContent = short(panel.gap[frame]);
      picture.setAttribute(
        "aria-label",
        `${panel.title}. ${panel.verdict}. Triangle of the class directions ` +
          `at step ${thousands(data.step[frame])}, ` +
          `NC1 ${short(panel.nc1[frame])}.`
      );
    };
    return { box, show };
  });

  const player = figures.player(
    "Step",
    last,
    (frame) => `${thousands(data.step[frame])} of ${thousands(data.step[last])}`,
    (frame) => panels.forEach((panel) => panel.show(frame)),
    (frame) => {
      if (frame === last) return data.end;
      const numbers = data.panels.map((panel) => short(panel.nc1[frame]));
      const step = thousands(data.step[frame]);
      return `Step ${step}: NC1 is ${numbers.join(", ")}.`;
    }
  );

  stage.append(
    html("div", { class: "nclib-panels" }, ...panels.map((p) => p.box)),
    player.controls,
    player.says
  );
};
