/* Buttons and a search box above every long table of claims. What they show
   stands in the address, so that it can be sent to somebody. */
document.addEventListener("DOMContentLoaded", () => {
  /* A typeset letter is found by its name, too. */
  const LETTERS = {
    beta: "β",
    delta: "δ",
    epsilon: "ε",
    kappa: "κ",
    lambda: "λ",
    mu: "μ",
    phi: "φ",
    sigma: "σ",
    tau: "τ",
    theta: "θ",
  };
  for (const table of document.querySelectorAll("table.nclib-ledger")) {
    const rows = [...table.tBodies[0].rows];
    if (rows.length < 20) continue;
    const bar = document.createElement("div");
    const chosen = { strength: "all", kind: "all" };
    const buttons = [];
    const search = document.createElement("input");
    const count = document.createElement("p");

    const update = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden =
          Object.entries(chosen).some(
            ([name, value]) => value !== "all" && row.dataset[name] !== value
          ) ||
          !words.every(
            (word) => text.includes(word) || text.includes(LETTERS[word] ?? word)
          );
        shown += !row.hidden;
      }
      count.textContent = `${shown} of ${rows.length} claims`;
      for (const [button, name, value] of buttons) {
        const on = chosen[name] === value;
        button.setAttribute("aria-pressed", on);
        button.className = `btn btn-sm me-1 mb-1 btn-${
          on ? "" : "outline-"
        }primary`;
      }
    };

    const remember = () => {
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(chosen)) {
        if (value !== "all") query.set(name, value);
      }
      if (search.value) query.set("q", search.value);
      const { pathname, hash } = window.location;
      const text = query.toString();
      window.history.replaceState(
        null, "", pathname + (text && `?${text}`) + hash
      );
    };

    /* A row that is linked to is shown, whatever was chosen. */
    const showTarget = () => {
      const target = rows.find(
        (row) => `#${row.getAttribute("id")}` === window.location.hash
      );
      if (!target?.hidden) return;
      Object.assign(chosen, { strength: "all", kind: "all" });
      search.value = "";
      update();
      remember();
      target.scrollIntoView();
    };

    for (const name of Object.keys(chosen)) {
      const group = document.createElement("div");
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", name);
      group.className = "mb-2";
      const values = new Set(rows.map((row) => row.dataset[name]));
      for (const value of ["all", ...[...values].sort()]) {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = value === "all" ? `any ${name}` : value;
        button.addEventListener("click", () => {
          chosen[name] = value;
          update();
          remember();
        });
        buttons.push([button, name, value]);
        group.append(button);
      }
      bar.append(group);
    }
    search.type = "search";
    search.className = "form-control mb-2";
    search.placeholder = "Search: a number, a word";
    search.setAttribute("aria-label", "Search the claims");
    search.addEventListener("input", () => {
      update();
      remember();
    });
    count.setAttribute("role", "status");
    bar.append(search, count);
    table.before(bar);

    const given = new URLSearchParams(window.location.search);
    for (const [, name, value] of buttons) {
      if (given.get(name) === value) chosen[name] = value;
    }
    search.value = given.get("q") ?? "";
    update();
    showTarget();
    window.addEventListener("hashchange", showTarget);
  }
});
