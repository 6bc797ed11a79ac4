/**
 * Unfolds what a link leads into; not every browser does. And goes there at once: the theme would
 * scroll smoothly through a page that has just become many screens longer.
 * A classic script, deferred: it also runs where the page is opened from a folder.
 */
(() => {
  function unfold() {
    const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    let fold = place?.closest("details");
    if (!fold) return;
    for (; fold; fold = fold.parentElement.closest("details")) fold.open = true;
    place.scrollIntoView({ behavior: "instant" });
  }

  window.addEventListener("load", unfold);
  window.addEventListener("hashchange", unfold);
})();
