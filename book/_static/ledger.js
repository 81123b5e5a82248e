/* Buttons and a search box above every long table of claims. */
document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll("table.nclib-ledger")) {
    const rows = [...table.tBodies[0].rows];
    if (rows.length < 20) continue;
    const bar = document.createElement("div");
    const chosen = { strength: "all", kind: "all" };
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
          ) || !words.every((word) => text.includes(word));
        shown += !row.hidden;
      }
      count.textContent = `${shown} of ${rows.length} claims`;
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
        const press = (on) => {
          button.setAttribute("aria-pressed", on);
          button.className = `btn btn-sm me-1 mb-1 btn-${
            on ? "" : "outline-"
          }primary`;
        };
        press(value === "all");
        button.addEventListener("click", () => {
          chosen[name] = value;
          for (const other of group.children) other.release();
          press(true);
          update();
        });
        button.release = () => press(false);
        group.append(button);
      }
      bar.append(group);
    }
    search.type = "search";
    search.className = "form-control mb-2";
    search.placeholder = "Search: a number, a word";
    search.setAttribute("aria-label", "Search the claims");
    search.addEventListener("input", update);
    count.setAttribute("role", "status");
    bar.append(search, count);
    table.before(bar);
    update();
  }
});
