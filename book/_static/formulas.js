/**
 * Lets a displayed formula that is wider than its place go on in the next line, at the wide spaces
 * that divide it: first at the widest, then at all. What is still too wide is drawn smaller, and
 * what is too wide even then moves sideways (irlib.css).
 * A classic script, deferred: it also runs where the page is opened from a folder.
 */
(() => {
  const STEPS = ["irlib-lines", "irlib-more-lines"];
  const SMALLEST = 0.75;

  function fit(formula) {
    // What is drawn: the formula for screen readers behind it keeps its one long line.
    const drawn = formula.querySelector("mjx-math");
    const given = formula.dataset.size ??= formula.style.fontSize;
    formula.classList.remove(...STEPS);
    formula.style.fontSize = given;
    const isWide = () => drawn.offsetWidth > formula.clientWidth + 1;
    for (const step of STEPS) if (isWide()) formula.classList.add(step);
    if (!isWide()) return;
    const share = Math.max(SMALLEST, formula.clientWidth / drawn.offsetWidth);
    const pixels = Math.floor(parseFloat(getComputedStyle(formula).fontSize) * share * 10) / 10;
    formula.style.setProperty("font-size", `${pixels}px`, "important");
  }

  const fitAll = () =>
    document.querySelectorAll('div.math > mjx-container[display="true"]').forEach(fit);
  window.addEventListener("load", () => window.MathJax?.startup?.promise?.then(fitAll));
  window.addEventListener("resize", fitAll);
})();
