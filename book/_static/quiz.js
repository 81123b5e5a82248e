/* Self-check quizzes. Compares on the spot; stores and sends nothing. */
document.addEventListener("DOMContentLoaded", () => {
  /* 1.4, 1,4, −2, 1e-3 or 3/2; NaN for anything else. */
  const number = (text) => {
    const parts = text
      .replace(/\s/g, "")
      .replace(/,/g, ".")
      .replace(/[−–]/g, "-")
      .split("/");
    const plain = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
    if (parts.length > 2 || !parts.every((part) => plain.test(part))) {
      return NaN;
    }
    return parts.map(Number).reduce((a, b) => a / b);
  };

  for (const form of document.querySelectorAll("form.quiz")) {
    const status = form.querySelector(".quiz-status");
    const whys = [...form.querySelectorAll(".quiz-why")];
    const right = whys.find((why) => "right" in why.dataset);
    const typed = form.querySelector("input[type=text]");
    const within = Number(form.querySelector("fieldset").dataset.within);
    const message = document.createElement("p");
    let misses = 0;

    /* The explanations move into the status region. Those not shown stay
       laid out, invisible, so that MathJax can measure them. */
    status.append(message, ...whys);
    form.querySelector("details").remove();
    form.querySelector("button").hidden = false;

    const say = (text, why) => {
      message.textContent = text;
      for (const other of whys) {
        other.classList.toggle("quiz-shown", other === why);
      }
    };

    const choice = () => {
      const chosen = form.querySelector("input:checked");
      if (!chosen) return say("Choose an answer first.");
      say("", whys.find((why) => why.dataset.answer === chosen.value));
    };

    const typedNumber = () => {
      const value = number(typed.value);
      if (Number.isNaN(value)) {
        return say("Type a number, such as 1.4 or 3/2.");
      }
      const found = whys.find((why) => {
        const answer = Number(why.dataset.answer);
        const scale = Math.abs(answer) || 1;
        return Math.abs(value - answer) <= within * scale;
      });
      if (found) return say("", found);
      misses += 1;
      if (misses < 2) return say("✗ Not right. Try again.");
      say("✗ Not right. Here is the answer.", right);
    };

    form.addEventListener("input", () => say(""));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (typed) typedNumber();
      else choice();
    });
  }
});
