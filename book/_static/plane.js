/* Drag a point: the neuron of a class in the plane, and why there is none.

   Coordinates are whole tenths, so that every sign below is exact. */
const plane = (() => {
  const cross = (p, q) => p[0] * q[1] - p[1] * q[0];
  const dot = (p, q) => p[0] * q[0] + p[1] * q[1];

  /* beta with <beta, p> = 1 on ``own`` and at most 0 on ``others``; or why
     there is none. ``line`` is the one candidate, ``said`` what it says. */
  const neuron = (own, others) => {
    const zero = own.findIndex((p) => dot(p, p) === 0);
    if (zero >= 0) return { why: "origin" };
    const [a] = own;
    const b = own.find((p) => cross(a, p) !== 0);
    if (!b) {
      const odd = own.find((p) => p[0] !== a[0] || p[1] !== a[1]);
      if (odd) return { why: "parallel", ratio: dot(odd, a) / dot(a, a) };
      return free(a, others);
    }
    const D = cross(a, b);
    const beta = [(b[1] - a[1]) / D, (a[0] - b[0]) / D];
    /* D times what the neuron says: whole numbers. */
    const times = (p) => p[0] * (b[1] - a[1]) + p[1] * (a[0] - b[0]);
    const off = own.find((p) => times(p) !== D);
    if (off) return { why: "not on a line", value: times(off) / D };
    const offending = others
      .map((p, i) => [i, times(p) / D])
      .filter(([, value]) => value > 0);
    if (!offending.length) return { beta };
    return {
      why: "fires",
      line: beta,
      offending: offending.map(([i, value]) => {
        const p = others[i];
        return { i, value, u: [cross(p, b) / D, cross(a, p) / D] };
      }),
    };
  };

  /* One own point leaves beta = (a + t n)/|a|^2, n at right angles to a. */
  const free = (a, others) => {
    const size = dot(a, a);
    const at = (t) => [(a[0] - t * a[1]) / size, (a[1] + t * a[0]) / size];
    const known = others.map((p, i) => ({
      i,
      c: cross(a, p),
      e: dot(a, p),
    }));
    const along = known.find(({ c, e }) => c === 0 && e > 0);
    if (along) return { why: "along", i: along.i, value: along.e / size };
    let [low, high] = [null, null];
    for (const p of known) {
      /* e + t c <= 0, and fractions are compared by whole numbers. */
      if (p.c > 0 && (!high || p.e * high.c > high.e * p.c)) high = p;
      if (p.c < 0 && (!low || p.e * low.c < low.e * p.c)) low = p;
    }
    if (low && high && low.e * high.c - high.e * low.c > 0) {
      const total = high.c - low.c;
      const s = [high.c / total, -low.c / total];
      const value = (s[0] * low.e + s[1] * high.e) / size;
      return { why: "between", pair: [low.i, high.i], s, value };
    }
    let ends = [low && -low.e / low.c, high && -high.e / high.c];
    if (!low) ends = [high ? ends[1] - 2 : -1, high ? ends[1] : 1];
    else if (!high) ends = [ends[0], ends[0] + 2];
    return {
      beta: at((ends[0] + ends[1]) / 2),
      ends: ends.map(at),
    };
  };
  return { neuron };
})();

figures.kinds.plane = (data, stage) => {
  const { html, svg, short } = figures;
  const EDGE = 30; /* tenths: the plane is shown from -3 to 3 */
  const UNIT = 5;
  const NAMES = ["blue", "orange"];
  const MOST = 4;
  let points = data.points.map(([p, k]) => ({ p: [...p], k }));
  let owner = 0;

  const shade = svg("path", { class: "nclib-no" });
  const zero = svg("path", {
    class: "nclib-line nclib-exact",
    "stroke-dasharray": "7 5",
  });
  const one = svg("path", { class: "nclib-line nclib-exact" });
  const ends = [0, 1].map(() => svg("path", { class: "nclib-frame" }));
  const axes = svg("path", {
    class: "nclib-axes",
    d: `M${-EDGE * UNIT},0H${EDGE * UNIT}M0,${-EDGE * UNIT}V${EDGE * UNIT}`,
  });
  const levels = [1, 0].map((level) =>
    svg("text", { "text-anchor": "middle" }, `says ${level}`)
  );
  const layer = svg("g");
  const box = EDGE * UNIT;
  const picture = svg(
    "svg",
    {
      viewBox: `${-box} ${-box} ${2 * box} ${2 * box}`,
      role: "group",
      "aria-label":
        "Points in the plane. Arrow keys move a point, Delete removes it.",
      class: "nclib-plane",
    },
    shade,
    axes,
    ...ends,
    zero,
    one,
    ...levels,
    layer
  );

  /* The line <beta, x> = level, and the half-plane below it. */
  const across = (beta, level) => {
    const size = beta[0] ** 2 + beta[1] ** 2;
    const base = beta.map((x) => (UNIT * level * x) / size);
    const along = [-beta[1], beta[0]].map((x) => (x * 4 * box) / size ** 0.5);
    return [1, -1].map((t) => base.map((x, i) => x + t * along[i]));
  };
  const write = (list) =>
    list.map(([x, y]) => `${x.toFixed(1)},${(-y).toFixed(1)}`).join("L");
  const draw = (path, beta, level) =>
    path.setAttribute("d", beta ? `M${write(across(beta, level))}` : "");
  /* A label on a line, where it leaves the picture to one side. */
  const put = (text, beta, level, side) => {
    const [p, q] = beta ? across(beta, level) : [[0, 0], [0, 0]];
    const base = p.map((x, i) => (x + q[i]) / 2);
    const way = p.map((x, i) => side * (x - q[i]));
    const [t] = way
      .map((x, i) => ((x > 0 ? 1 : -1) * (box - 26) - base[i]) / x)
      .filter((_, i) => Math.abs(way[i]) > 1e-9)
      .sort((a, b) => a - b);
    text.setAttribute("visibility", t > 0 ? "visible" : "hidden");
    if (!(t > 0)) return;
    text.setAttribute("x", (base[0] + t * way[0]).toFixed(1));
    text.setAttribute("y", (5 - base[1] - t * way[1]).toFixed(1));
  };
  const drawNeuron = (beta, range) => {
    draw(one, beta, 1);
    draw(zero, beta, 0);
    /* At either end: the two lines may be close. */
    put(levels[0], beta, 1, 1);
    put(levels[1], beta, 0, -1);
    ends.forEach((path, i) => draw(path, range?.[i], 1));
    if (!beta) return shade.setAttribute("d", "");
    const edge = across(beta, 0);
    const size = (beta[0] ** 2 + beta[1] ** 2) ** 0.5;
    const back = beta.map((x) => (-4 * box * x) / size);
    const far = edge.map((p) => p.map((x, i) => x + back[i])).reverse();
    shade.setAttribute("d", `M${write([...edge, ...far])}z`);
  };

  const says = figures.status();
  const split = (k) => [
    points.filter((point) => point.k === k).map((point) => point.p),
    points.filter((point) => point.k !== k).map((point) => point.p),
  ];
  const reason = (found, own, other) => {
    if (found.beta) {
      const freedom = found.ends ? " One point leaves it some freedom." : "";
      return `Its neuron says 1 to ${own} and at most 0 to ${other}.${freedom}`;
    }
    if (found.why === "origin") {
      return "Every neuron says 0 to a point at the origin.";
    }
    if (found.why === "parallel") {
      const ratio = short(found.ratio);
      return (
        `One ${own} point is ${ratio} times another, so it cannot say 1 ` +
        "to both."
      );
    }
    if (found.why === "not on a line") {
      return (
        `No line carries all ${own} points: saying 1 to two of them, ` +
        `it says ${short(found.value)} to a third.`
      );
    }
    if (found.why === "along") {
      return (
        `One ${other} point is ${short(found.value)} times the ${own} one, ` +
        "and that is what it must say to it."
      );
    }
    if (found.why === "between") {
      const [s, t] = found.s.map((x) => short(x));
      return (
        `${s} times one ${other} point plus ${t} times another is ` +
        `${short(found.value)} times the ${own} one. It must say ` +
        "something above 0 to one of them."
      );
    }
    const { u, value } = found.offending[0];
    const [first, second] = u.map((x) => short(x));
    return (
      `The ${other} point in a ring is ${first} times one ${own} point and ` +
      `${second} times another, added. So the neuron must say ` +
      `${short(value)} to it, which is above 0.`
    );
  };
  const tell = () => {
    const [found, reverse] = [owner, 1 - owner].map((k) =>
      plane.neuron(...split(k))
    );
    drawNeuron(found.beta ?? found.line, found.ends);
    const others = points.filter((point) => point.k !== owner);
    const rings = new Set([
      ...(found.offending ?? []).map(({ i }) => others[i]),
      ...(found.pair ?? []).map((i) => others[i]),
      ...(found.why === "along" ? [others[found.i]] : []),
    ]);
    for (const point of points) {
      point.ring.setAttribute("r", rings.has(point) ? 13 : 0);
    }
    const [own, other] = [NAMES[owner], NAMES[1 - owner]];
    const can = found.beta ? "can" : "cannot";
    const again = reverse.beta
      ? found.beta
        ? "can, too"
        : "can"
      : found.beta
        ? "cannot"
        : "cannot either";
    const both = found.beta && reverse.beta;
    says.textContent =
      `The ${own} class ${can} collapse. ${reason(found, own, other)} ` +
      `The ${other} class ${again}` +
      (both
        ? ": a collapsed network exists."
        : ". A collapsed network needs both.");
  };

  /* ---- The points ---- */
  const name = (point) =>
    `${NAMES[point.k]} point at ${point.p.map((x) => x / 10).join(", ")}`;
  const place = (point) => {
    const [x, y] = point.p;
    point.node.setAttribute(
      "transform",
      `translate(${x * UNIT},${-y * UNIT})`
    );
    point.node.setAttribute("aria-label", name(point));
  };
  const move = (point, x, y) => {
    point.p = [x, y].map((v) =>
      Math.max(-EDGE + 1, Math.min(EDGE - 1, Math.round(v)))
    );
    place(point);
    tell();
  };
  const count = (k) => points.filter((point) => point.k === k).length;
  const STEPS = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, 1],
    ArrowDown: [0, -1],
  };
  const show = (point) => {
    const shape = point.k
      ? svg("rect", { x: -6, y: -6, width: 12, height: 12 })
      : svg("circle", { r: 7 });
    shape.setAttribute("class", `nclib-class-${point.k + 1}`);
    point.ring = svg("circle", { r: 0, class: "nclib-ring" });
    point.node = svg(
      "g",
      {
        class: "nclib-handle",
        tabindex: 0,
        role: "button",
        "aria-roledescription": "point",
      },
      svg("circle", { r: 20, class: "nclib-grip" }),
      point.ring,
      shape
    );
    point.node.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      if (step) move(point, point.p[0] + step[0], point.p[1] + step[1]);
      else if (event.key === "Delete" || event.key === "Backspace") {
        remove(point);
      } else return;
      event.preventDefault();
    });
    point.node.addEventListener("touchstart", (e) => e.preventDefault(), {
      passive: false,
    });
    point.node.addEventListener("pointerdown", (event) => {
      point.node.setPointerCapture(event.pointerId);
      point.node.focus({ preventScroll: true });
      event.preventDefault();
    });
    point.node.addEventListener("pointermove", (event) => {
      if (!point.node.hasPointerCapture(event.pointerId)) return;
      const frame = picture.getBoundingClientRect();
      const scale = (2 * EDGE) / frame.width;
      move(
        point,
        (event.clientX - frame.left) * scale - EDGE,
        EDGE - (event.clientY - frame.top) * scale
      );
    });
    layer.append(point.node);
    place(point);
  };
  const remove = (point) => {
    if (count(point.k) === 1) return;
    points = points.filter((other) => other !== point);
    point.node.remove();
    update();
    adders[point.k].focus();
  };
  const add = (k) => {
    const point = { p: k ? [-10, -15] : [10, 10], k };
    while (points.some((q) => String(q.p) === String(point.p))) point.p[0] += 3;
    points.push(point);
    show(point);
    update();
    point.node.focus({ preventScroll: true });
  };
  const button = (text, act) => {
    const node = html("button", { type: "button", class: "btn btn-sm" }, text);
    node.addEventListener("click", act);
    return node;
  };
  const adders = NAMES.map((color, k) => button(`Add ${color}`, () => add(k)));
  const whose = figures.choice("Neuron of", NAMES, owner, (k) => {
    owner = k;
    tell();
  });
  const update = () => {
    adders.forEach((node, k) => {
      node.disabled = count(k) >= MOST;
    });
    tell();
  };

  stage.append(
    picture,
    html("div", { class: "nclib-controls" }, whose, ...adders),
    says
  );
  points.forEach(show);
  update();
};
