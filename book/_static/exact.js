/* The exact boundary in the reader's browser: nclib._newton, nclib.bounds,
   and the errors of collapsed neurons: nclib.generalization.

   Unit means with one common angle, noise sigma, K classes; the notation is
   that of the Python code. tests/test_live.py compares the two. */
const exact = (() => {
  const phi = (x) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

  /* A series of positive terms below 3, a continued fraction above. */
  const Phi = (x) => {
    const a = Math.abs(x);
    let tail;
    if (a < 3) {
      let term = a;
      let sum = a;
      for (let k = 1; term > 1e-17 * sum; k += 1) {
        term *= (a * a) / (2 * k + 1);
        sum += term;
      }
      tail = 0.5 - phi(a) * sum;
    } else {
      let fraction = a;
      for (let k = 80; k > 0; k -= 1) fraction = a + k / fraction;
      tail = phi(a) / fraction;
    }
    return x > 0 ? 1 - tail : tail;
  };

  /* Phi, phi, and E (x + G)_+^k for k = 1, 2, 4. */
  const moments = (x) => {
    if (x < -35) return [0, 0, 0, 0, 0];
    const [P, p] = [Phi(x), phi(x)];
    return [
      P,
      p,
      x * P + p,
      (x * x + 1) * P + x * p,
      (x ** 4 + 6 * x * x + 3) * P + (x ** 3 + 5 * x) * p,
    ];
  };
  const rectified = (m, s) => {
    if (s === 0) return Math.max(m, 0) ** 2;
    const x = m / s;
    return s * s * (x > 0 ? x * x + 1 - moments(-x)[3] : moments(x)[3]);
  };

  const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const add = (x, y, t = 1) => x.map((value, i) => value + t * y[i]);
  const square = (size) => Array.from({ length: size }, () =>
    new Array(size).fill(0)
  );
  const times = (A, x) => A.map((row) => dot(row, x));
  /* A += t a b' */
  const update = (A, t, a, b) => {
    for (let i = 0; i < a.length; i += 1) {
      for (let j = 0; j < b.length; j += 1) A[i][j] += t * a[i] * b[j];
    }
  };
  const inverse = (A) => {
    const size = A.length;
    const rows = A.map((row, i) => [
      ...row,
      ...row.map((_, j) => Number(i === j)),
    ]);
    for (let c = 0; c < size; c += 1) {
      let best = c;
      for (let r = c; r < size; r += 1) {
        if (Math.abs(rows[r][c]) > Math.abs(rows[best][c])) best = r;
      }
      [rows[c], rows[best]] = [rows[best], rows[c]];
      const pivot = rows[c][c];
      rows[c] = rows[c].map((value) => value / pivot);
      for (let r = 0; r < size; r += 1) {
        if (r !== c) rows[r] = add(rows[r], rows[c], -rows[r][c]);
      }
    }
    return rows.map((row) => row.slice(size));
  };

  /* K unit vectors with all cosines rho, in as few coordinates as they need. */
  const means = (K, rho) => {
    const rows = Array.from({ length: K }, () => []);
    for (let c = 0; c < K; c += 1) {
      const left = 1 - dot(rows[c], rows[c]);
      if (left < 1e-12) continue;
      const root = Math.sqrt(left);
      rows.forEach((row, i) => {
        const rest = rho - dot(row, rows[c].slice(0, row.length));
        if (i !== c) row.push(i > c ? rest / root : 0);
      });
      rows[c].push(root);
    }
    return rows;
  };

  /* Value, gradient, Hessian of 1 + |v|^2 + sum E (<t, v> + s G)_+^2 over the
     rows t of T, s^2 = 1 + |v|^2; ``own`` adds <own, v>^2. */
  const objective = (v, T, own) => {
    const s = Math.sqrt(1 + dot(v, v));
    const H = square(v.length);
    let [value, weight, curve] = [s * s, 1, 0];
    let gradient = v.map(() => 0);
    let cross = v.map(() => 0);
    for (const t of T) {
      const a = dot(t, v) / s;
      const [P, p, first, second] = moments(a);
      value += s * s * second;
      weight += P;
      curve += a * p;
      gradient = add(gradient, t, 2 * s * first);
      cross = add(cross, t, p / s);
      update(H, 2 * P, t, t);
    }
    gradient = add(gradient, v, 2 * weight);
    v.forEach((_, i) => {
      H[i][i] += 2 * weight;
    });
    update(H, 2, cross, v);
    update(H, 2, v, cross);
    update(H, (-2 * curve) / (s * s), v, v);
    if (own) {
      value += dot(own, v) ** 2;
      gradient = add(gradient, own, 2 * dot(own, v));
      update(H, 2, own, own);
    }
    return [value, gradient, H];
  };

  const newton = (T, own) => {
    let v = T[0].map(() => 0);
    let [value, gradient, H] = objective(v, T, own);
    for (let round = 0; round < 200; round += 1) {
      const step = times(inverse(H), gradient).map((x) => -x);
      const decrement = -dot(gradient, step);
      if (!(decrement > 1e-24 * value)) break;
      let length = 1;
      let trial = objective(add(v, step), T, own);
      while (trial[0] > value * (1 + 2e-15) - 1e-4 * length * decrement) {
        length /= 2;
        if (length < 1e-9) return [v, value];
        trial = objective(add(v, step, length), T, own);
      }
      v = add(v, step, length);
      [value, gradient, H] = trial;
    }
    return [v, value];
  };

  /* tau2, tr(H^-1 V), omega and varsigma, as nclib._newton.fluctuations. */
  const fluctuations = (v, own, T) => {
    const size = v.length + 1;
    const norm2 = dot(v, v);
    const s = Math.sqrt(1 + norm2);
    const y = Math.max(-dot(own, v), 0);
    const w = [...v, 0].map((x) => x / s);
    const free = square(size);
    v.forEach((_, i) => {
      free[i][i] = 1;
    });
    update(free, -1, w, w);
    /* h, E hG, h^2, h^2 G and h^2 G^2 of every class, and its alpha. */
    const terms = [
      [-y, s, y * y + s * s, -2 * s * y, y * y + 3 * s * s,
       [...v.map(() => 0), -1]],
    ];
    let tau2 = 2 * norm2 * s * s + (4 * s * s - 2) * y * y;
    for (const t of T) {
      const [P, , first, second, fourth] = moments(dot(t, v) / s);
      const square2 = s * s * second;
      tau2 += s ** 4 * fourth - square2 ** 2 - 2 * square2;
      terms.push([s * first, s * P, square2, 2 * s * s * first,
                  square2 + 2 * s * s * P, [...t, 0]]);
    }
    const V = square(size);
    for (const [h, hG, h2, h2G, h2G2, alpha] of terms) {
      const mean = add(w.map((x) => hG * x), alpha, h);
      V.forEach((row, i) => row.forEach((_, j) => {
        row[j] += 4 * h2 * free[i][j];
      }));
      update(V, 4 * h2G2, w, w);
      update(V, 4 * h2G, w, alpha);
      update(V, 4 * h2G, alpha, w);
      update(V, 4 * h2, alpha, alpha);
      update(V, -4, mean, mean);
    }
    const H = square(size);
    objective(v, T)[2].forEach((row, i) => row.forEach((value, j) => {
      H[i][j] = value;
    }));
    H[size - 1][size - 1] = 2;
    const back = inverse(H);
    const normal = [...own, 1];
    const direction = times(back, normal);
    const trace = back.reduce((sum, row, i) => sum + dot(row, V[i]), 0);
    return {
      tau2: Math.max(tau2, 0),
      trace,
      omega: dot(normal, direction),
      spread: Math.sqrt(Math.max(dot(direction, times(V, direction)), 0)),
    };
  };

  /* delta, tau2, and the transition of a class at n samples a class. */
  const boundary = (K, rho, sigma) => {
    const [own, ...T] = means(K, rho).map((m) => m.map((x) => x / sigma));
    let [v, delta] = newton(T);
    if (dot(own, v) < 0) [v, delta] = newton(T, own);
    const f = fluctuations(v, own, T);
    const a = dot(own, v);
    const shift = (n) => {
      const root = Math.sqrt(n);
      const correction =
        a >= 0
          ? rectified(-root * a, f.spread)
          : f.spread ** 2 - rectified(2 * root * f.omega * a, f.spread);
      return v.length - f.trace / 2 + correction / (2 * f.omega);
    };
    const width = (n) => Math.sqrt(n * f.tau2);
    /* With fewer samples the normal law is no answer, and there is none. */
    const leastN =
      delta > 1 ? Math.max(1, Math.ceil(v.length / (delta - 1))) : Infinity;
    return {
      delta,
      v,
      rank: v.length,
      own: a,
      other: dot(T[0], v),
      tau2: f.tau2,
      leastN,
      band(n) {
        if (n < leastN) return null;
        const half = (1.6448536269514722 * width(n)) / n;
        const center = delta + shift(n) / n;
        return [center - half, center + half];
      },
      probability(d, n) {
        if (n < leastN) return null;
        if (d < n) return 0;
        if (d >= K * n) return 1;
        return Phi((d - n * delta - shift(n)) / width(n));
      },
    };
  };

  /* nclib.finite: log E exp(xi max(y, 0)^2) for y ~ N(a, s^2), kappa > 0. */
  const mills = (x) => {
    if (x < 3) return Phi(-x) / phi(x);
    let fraction = x;
    for (let k = 80; k > 0; k -= 1) fraction = x + k / fraction;
    return 1 / fraction;
  };
  const logMoment = (a, s, xi) => {
    const kappa = 1 - 2 * xi * s * s;
    const x = Math.abs(a) / s;
    const y = x / Math.sqrt(kappa);
    if (a < 0) {
      return Math.log1p(phi(x) * (mills(y) / Math.sqrt(kappa) - mills(x)));
    }
    const large =
      (xi * a * a) / kappa - Math.log(kappa) / 2 + Math.log(Phi(y));
    return large + Math.log1p(Phi(-x) * Math.exp(-large));
  };
  /* The least value of f between two ends, by the golden section. */
  const least = (f, low, high, rounds) => {
    const golden = (Math.sqrt(5) - 1) / 2;
    let [a, b] = [high - golden * (high - low), low + golden * (high - low)];
    let [fa, fb] = [f(a), f(b)];
    for (let i = 0; i < rounds; i += 1) {
      if (fa < fb) {
        [high, b, fb] = [b, a, fa];
        a = high - golden * (high - low);
        fa = f(a);
      } else {
        [low, a, fa] = [a, b, fb];
        b = low + golden * (high - low);
        fb = f(b);
      }
    }
    return Math.min(fa, fb);
  };
  /* The d/n from which on class 1 fails with a chance of at most 1/n, by the
     bound of every sample size. Any v and xi give one: here v points where
     the minimizer of the limit does, so that the K - 1 margins are one. */
  const enough = (there, K, n) => {
    const { v, rank, own, other } = there;
    const norm2 = dot(v, v);
    const dimensions = (length, z) => {
      const s = Math.sqrt(1 + length * length * norm2);
      const xi = 0.5 / (s * s) / (1 + Math.exp(-z));
      const rate = -Math.log1p(-2 * xi) / 2;
      const log =
        -Math.log1p(Math.expm1(rate) / 2) -
        ((n - 1) / 2) * Math.log1p(-2 * xi * s * s) +
        logMoment(-Math.sqrt(n) * length * own, s, xi) +
        (K - 1) * n * logMoment(length * other, s, xi);
      return rank + (log + Math.log(n)) / rate;
    };
    const best = least(
      (length) => least((z) => dimensions(length, z), -14, 5, 24),
      0, 1.5, 14
    );
    /* That of Wendel is above (K + 1)/2, and takes longer. */
    const ratio = Math.max(best / n, 1);
    return ratio < (K + 1) / 2 ? ratio : Math.min(ratio, wendel(n, K), K);
  };

  /* What the theorems grant: the noise of 4 or 5(a), the ratio of 5(b). */
  const grantedNoise = (ratio, n, K, rho) => {
    const room = Math.sqrt(Math.max(1 - 1 / ratio, 0) / Math.log(n));
    if (K === 2) return (room / 2) * (rho < 0 ? 1 : Math.sqrt(1 - rho * rho));
    const least = Math.max(Math.min(1 - rho, 1 + (K - 1) * rho), 0);
    if (least < 1e-12) return 0;
    const logs = Math.log(n) / Math.log(K * n);
    return (room / 2) * Math.sqrt((least * logs) / (K - 1));
  };
  const gordon = (n, K) =>
    (K + 1) / 2 +
    2 * Math.sqrt(((K - 1) * Math.log(n)) / n) +
    (K + 2 * Math.log(n)) / n;

  /* nclib.bounds.wendel_ratio: the binomial's upper tail, from its middle. */
  const wendel = (n, K) => {
    const N = (K - 1) * n;
    const middle = Math.floor(N / 2);
    const weights = [1];
    for (let j = 1; weights[j - 1] > 1e-20 && middle + j <= N; j += 1) {
      weights.push((weights[j - 1] * (N - middle - j + 1)) / (middle + j));
    }
    let upper = 0;
    for (let j = weights.length - 1; j > 0; j -= 1) upper += weights[j];
    const total = 2 * upper + (N % 2 ? 0 : 1);
    let [tail, j] = [0, weights.length - 1];
    while (j > 0 && tail + weights[j] <= total / n) tail += weights[j--];
    return (n + K - 1 + middle + j) / n;
  };

  /* ---- What collapse costs, means mu and -mu, s = sigma/||mu|| ---- */
  const root = (f, low, high) => {
    for (let i = 0; i < 200 && low < high; i += 1) {
      const middle = (low + high) / 2;
      if (middle <= low || middle >= high) break;
      if (f(middle) < 0) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  };
  /* nclib.asymptotics.collapsed_error; null where no neuron collapses. */
  const collapsedFactor = (delta, s) => {
    const { delta: threshold, v } = boundary(2, -1, s);
    if (!(delta > threshold)) return null;
    const excess = (c) =>
      1 + c * c + rectified(-c / s, Math.sqrt(1 + c * c)) - delta;
    const top = 1.001 * Math.sqrt(delta - 1);
    return 1 + root(excess, Math.abs(v[0]), top) ** -2;
  };
  /* nclib.asymptotics.separator_factor, squared; null up to d = 2n. */
  const separatorFactor = (delta, s) => {
    if (delta <= 2) return null;
    const excess = (q) => delta * (q * q - 1) - 2 * rectified(-1 / s, q);
    return root(excess, 1, 1.001 * Math.sqrt(delta / (delta - 1))) ** 2;
  };
  /* nclib.bounds.printed_factor, and that of theorem_7b_corrected. */
  const printedFactor = (delta, s) => {
    const moment =
      (s ** 3 * Math.exp(-0.5 / (s * s))) / Math.sqrt(2 * Math.PI);
    return 1 + (moment + s * s + 1) / (2 * delta * s * s);
  };
  const correctedFactor = (n, d, s) => {
    const log = Math.log(n);
    const [, , , second, fourth] = moments(-1 / s);
    const spread = n - 1 - 2 * Math.sqrt((n - 1) * log);
    const tail =
      n * s * s * second - Math.sqrt(2 * n * s ** 4 * fourth * log);
    const top =
      (Math.sqrt(d - 1) + Math.sqrt(2 * n) + Math.sqrt(2 * log)) ** 2;
    const parts = Math.max(spread, 0) + Math.max(tail, 0) / (s * s);
    return 1 + parts / top;
  };
  /* The error of a neuron, or of a bound, from its factor. */
  const error = (factor, s) => Phi(-1 / (s * Math.sqrt(factor)));

  /* ---- Two neurons that vote, nclib.generalization.two_neuron_error ---- */
  /* Owen's T: Simpson's rule up to slope 1, from which steeper ones follow. */
  const owen = (h, a) => {
    const x = Math.abs(h);
    const slope = Math.abs(a);
    let value;
    if (slope === Infinity) value = Phi(-x) / 2;
    else if (slope > 1) {
      const [p, q] = [Phi(x), Phi(slope * x)];
      value = (p + q) / 2 - p * q - owen(slope * x, 1 / slope);
    } else {
      const STEPS = 400;
      let sum = 0;
      for (let i = 0; i <= STEPS; i += 1) {
        const t = (i / STEPS) ** 2 * slope * slope;
        const weight = i === 0 || i === STEPS ? 1 : i % 2 ? 4 : 2;
        sum += (weight * Math.exp((-x * x * (1 + t)) / 2)) / (1 + t);
      }
      value = (sum * slope) / (3 * STEPS) / (2 * Math.PI);
    }
    return a < 0 ? -value : value;
  };
  /* P(U > 0 and V > 0) for means h, k, unit variances and the correlation
     cosine, whose sine is handed over as well: near 1 it would be lost. */
  const quadrant = (h, k, cosine, sine) => {
    if (sine < 1e-15) return cosine > 0 ? Phi(h) : 0;
    if (h === 0 && k === 0) {
      return 0.25 + Math.atan2(cosine, sine) / (2 * Math.PI);
    }
    const T = owen(h, (k - cosine * h) / sine / h) +
      owen(k, (h - cosine * k) / sine / k);
    const jump = h * k < 0 || (h * k === 0 && h + k < 0) ? 0.5 : 0;
    return Math.max((Phi(h) + Phi(k)) / 2 - T - jump, 0);
  };
  /* Wrong and silent votes of b1 + N nu and b2 + N nu, nu of length 1 and
     orthogonal to b1, b2 and mu. The inner products A, C, B of b1 and b2,
     and p, q of either with mu/sigma, are all that matters. */
  const votes = ([A, C, B], [p, q], N) => {
    const [one, two, both] = [A + N * N, B + N * N, C + N * N];
    const apart = A + B - 2 * C;
    const area = Math.sqrt(Math.max(A * B - C * C, 0) + N * N * apart);
    const chance = (aa, bb, ab, h, k) => {
      const size = Math.sqrt(aa * bb);
      return quadrant(
        h / Math.sqrt(aa), k / Math.sqrt(bb), ab / size, area / size
      );
    };
    return {
      wrong: (chance(two, apart, B - C, q, q - p) +
        chance(one, apart, A - C, -p, q - p)) / 2,
      silent: (chance(one, two, both, -p, -q) +
        chance(two, one, both, q, p)) / 2,
      alone: (Phi(-p / Math.sqrt(one)) + Phi(q / Math.sqrt(two))) / 2,
    };
  };
  /* nclib.generalization.guess_bound. */
  const guessBound = (cosines, s) => {
    let wins = 0;
    for (const c of cosines) {
      const sine = Math.sqrt(Math.max(1 - c * c, 0));
      wins += quadrant(1 / s, c / s, c, sine);
      wins -= quadrant(-1 / s, -c / s, c, sine);
    }
    return 0.5 - wins / 4;
  };

  return {
    Phi,
    boundary,
    enough,
    grantedNoise,
    gordon,
    wendel,
    collapsedFactor,
    separatorFactor,
    printedFactor,
    correctedFactor,
    error,
    votes,
    guessBound,
  };
})();
