/* Jump by number: "(2.28)", "thm 4", "fig 3", "erratum 7", "C5", or the id of
   a claim in the search box lead there. numbers.js has the table. */
document.addEventListener("DOMContentLoaded", () => {
  /* By the first two letters, in the order in which they are listed. */
  const names = {
    th: "theorem", de: "definition", le: "lemma", pr: "proposition",
    co: "corollary", re: "remark", eq: "equation", fi: "figure",
    ta: "table", ex: "exercise", er: "erratum",
  };
  const kinds = Object.values(names);
  const statements = kinds.slice(0, 6);
  const root = document.documentElement.dataset.content_root ?? "";

  const places = (query) => {
    const all = window.nclibNumbers?.places ?? [];
    const text = query.trim().toLowerCase().replace(/\s+/g, " ");
    const claims = all.filter(([kind, id]) => kind === "claim" && id === text);
    const form =
      /^([a-z]*?)\.? ?(\(?)(c?\d+(?:\.\d+)?)[a-z]?\)?(?: ?\([a-z]\))?$/;
    const [, word, bracket, number] = form.exec(text) ?? [];
    const kind = word && names[word.slice(0, 2)];
    if (!number || (word && !kind)) return claims;
    const found = kinds.flatMap((name) => all.filter((place) =>
      place[0] === name && place[1].toLowerCase() === number));
    const wanted = kind || (bracket && "equation");
    const same = found.filter((place) => place[0] === wanted);
    /* Statements of all kinds are counted together. */
    const near = statements.includes(wanted)
      ? found.filter((place) => statements.includes(place[0])) : [];
    return !wanted ? found : same.length ? same : near;
  };

  const link = ([kind, number, page, anchor]) => {
    const [url, title] = window.nclibNumbers.pages[page];
    const shown = kind === "equation" ? `(${number})`
      : `${kind[0].toUpperCase()}${kind.slice(1)} ${number}`;
    const a = document.createElement("a");
    a.setAttribute("href", `${root}${url}#${anchor}`);
    a.textContent = `${shown}, in “${title}”`;
    const item = document.createElement("li");
    item.append(a);
    return item;
  };

  for (const form of document.querySelectorAll("form.bd-search")) {
    const input = form.querySelector("input");
    const list = document.createElement("ul");
    list.className = "nclib-jump";
    list.setAttribute("aria-label", "Jump to");
    form.insertAdjacentElement("afterend", list);
    const show = () => {
      list.textContent = "";
      list.append(...places(input.value).map(link));
    };
    input.addEventListener("focus", () => {
      if (window.nclibNumbers) return;
      const script = document.createElement("script");
      script.setAttribute("src", `${root}_static/numbers.js`);
      script.addEventListener("load", show);
      document.head.append(script);
    });
    input.addEventListener("input", show);
    form.addEventListener("submit", (event) => {
      const first = list.querySelector("a");
      if (!first) return;
      event.preventDefault();
      window.location.assign(first.getAttribute("href"));
      form.closest("dialog")?.close();
    });
  }
});
