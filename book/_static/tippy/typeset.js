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
