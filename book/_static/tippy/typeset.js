// Typeset a preview once it is in the page: MathJax measures what it sets.
tippy.setDefaultProps({
  onMount(instance) {
    if (window.MathJax && MathJax.typesetPromise) {
      MathJax.typesetPromise([instance.popper]).then(() => {
        if (instance.popperInstance) instance.popperInstance.update();
      });
    }
  },
});
// A preview that covers what is being read goes away with Escape.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") tippy.hideAll();
});
