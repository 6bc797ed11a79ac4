/**
 * Unfolds what a link leads into; not every browser does.
 * A classic script, deferred: it also runs where the page is opened from a folder.
 */
(() => {
  const CLOSED = "details:not([open])";

  function unfold() {
    const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const folds = [];
    for (let fold = place?.closest(CLOSED); fold; fold = fold.parentElement.closest(CLOSED)) {
      folds.push(fold);
    }
    if (!folds.length) return;
    for (const fold of folds) fold.open = true;
    place.scrollIntoView();
  }

  window.addEventListener("load", unfold);
  window.addEventListener("hashchange", unfold);
})();
