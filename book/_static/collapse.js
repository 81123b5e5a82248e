/* Watch it collapse: the frames of nclib.figures.collapse, one slider. */
figures.kinds.collapse = (data, stage) => {
  const { html, svg, calm, short, thousands } = figures;
  const CORNERS = [[110, 16], [16, 179], [204, 179]];
  const NAMES = [[126, 16, "start"], [0, 196, "start"], [220, 196, "end"]];
  const SHAPES = [
    "M-4.5,0a4.5,4.5 0 1,0 9,0a4.5,4.5 0 1,0 -9,0",
    "M-4,-4h8v8h-8z",
    "M0,-5l5,8.7h-10z",
  ];
  const FRAME = 80; /* milliseconds: the whole takes under five seconds */
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

  const says = figures.status();
  let now = 0;
  let timer = null;
  const draw = (frame) => {
    now = frame;
    panels.forEach((panel) => panel.show(frame));
  };
  const speak = () => {
    const numbers = data.panels.map((panel) => short(panel.nc1[now]));
    const step = thousands(data.step[now]);
    says.textContent = `Step ${step}: NC1 is ${numbers.join(", ")}.`;
    if (now === last) says.textContent = data.end;
  };
  const button = html("button", { type: "button", class: "btn btn-sm" });
  const name = () => {
    const still = calm() ? "Show the end" : "Play";
    const again = calm() ? "Show the start" : "Play again";
    button.textContent = timer ? "Pause" : now === last ? again : still;
  };
  const pause = () => {
    clearInterval(timer);
    timer = null;
    name();
    speak();
  };
  const slider = figures.slider(
    "Step",
    { min: 0, max: last, step: 1, value: 0 },
    (frame) => `${thousands(data.step[frame])} of ${thousands(data.step[last])}`,
    (frame) => {
      clearInterval(timer);
      timer = null;
      draw(frame);
      name();
    },
    speak
  );
  const go = (frame) => {
    slider.set(frame);
    draw(frame);
  };
  const play = () => {
    if (now === last) go(0);
    timer = setInterval(() => {
      go(now + 1);
      if (now === last) pause();
    }, FRAME);
    says.textContent = "";
    name();
  };
  button.addEventListener("click", () => {
    if (timer) return pause();
    if (!calm()) return play();
    go(now === last ? 0 : last);
    pause();
  });

  stage.append(
    html("div", { class: "nclib-panels" }, ...panels.map((p) => p.box)),
    html("div", { class: "nclib-controls" }, button, slider.row),
    says
  );
  draw(0);
  pause();
};
